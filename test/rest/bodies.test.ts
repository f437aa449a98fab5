import { request, type IncomingMessage } from 'node:http';
import { expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { expectGuarded } from '../support/guards.ts';
import { callOn, errorOf, MOUNTS, onBothMounts, type Mount } from '../support/mounts.ts';
import { signUpTenant, freshEmail, freshSlug, PASSWORD } from '../support/people.ts';
import { at, reasonOf, rest, trpc, type Answer } from '../support/rest.ts';

const place = inject('stack');
const founder = signUpTenant(place);
const MIB = 1024 * 1024;
const PATHS: Record<Mount, string> = { tRPC: '/trpc/auth.register', REST: '/api/v1/auth/register' };

const signUp = (email = freshEmail()) => ({
  email,
  password: PASSWORD,
  fullName: 'Ada Lovelace',
  tenantName: 'Acme',
  tenantSlug: freshSlug(),
});

/** Sends a body in chunks, without Content-Length. */
function sendChunked(mount: Mount, pieces: Iterable<string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(`${place.url}${PATHS[mount]}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    call.on('error', reject);
    call.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => {
        const body: unknown = JSON.parse(text);
        resolve({ status: response.statusCode ?? 0, headers: headersOf(response), body });
      });
    });
    for (const piece of pieces) call.write(piece);
    call.end();
  });
}

async function expectNothingStored(email: string): Promise<void> {
  await using owner = connect(place.databaseOwnerUrl);
  expect([...(await owner.sql`select id from public.sign_ups where email = ${email}`)]).toEqual([]);
}

for (const { mount, length } of onBothMounts([{ length: 'said' }, { length: 'not said' }])) {
  test(`${mount} refuses a body of 2 MiB whose length is ${length} beforehand, in its own error format`, async () => {
    const good = signUp();
    const text = JSON.stringify({ ...good, fullName: 'x'.repeat(2 * MIB) });
    const pieces = text.match(/[^]{1,65536}/g) ?? [];
    const answer =
      length === 'said'
        ? await callOn(mount, place.url, 'auth.register', { body: text })
        : await sendChunked(mount, pieces);
    expect([answer.status, at(errorOf(mount, answer), 'reason')]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    expect(at(errorOf(mount, answer), 'requestId')).toBe(answer.headers.get('x-request-id'));
    expectGuarded(answer);
    await expectNothingStored(good.email);
  });

  test(`${mount} accepts a body just below 1 MiB whose length is ${length} beforehand`, async () => {
    const text = JSON.stringify({ ...signUp(), more: '' });
    const full = text.replace('"more":""', `"more":"${'x'.repeat(MIB - text.length)}"`);
    const answer =
      length === 'said'
        ? await callOn(mount, place.url, 'auth.register', { body: full })
        : await sendChunked(mount, [full]);
    // The body was read completely, since the refusal is about the field.
    expect(reasonOf(answer)).toBe('VALIDATION_FAILED');
  });
}

/** Sends the head of a request without the body that it announces. */
function sendHead(
  path: string,
  method: string,
  sent: Record<string, string>,
): Promise<Pick<Answer, 'status' | 'headers'>> {
  return new Promise((resolve, reject) => {
    const call = request(`${place.url}${path}`, { method, headers: sent });
    call.on('error', reject);
    call.on('response', (response) => {
      call.destroy();
      resolve({ status: response.statusCode ?? 0, headers: headersOf(response) });
    });
    call.flushHeaders();
  });
}

function headersOf({ headers }: IncomingMessage): Headers {
  return new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

test('a body with an enormous Content-Length is refused by the app, with its security headers', async () => {
  const sent = { 'content-type': 'application/json', 'content-length': String(1e12) };
  const answer = await sendHead(PATHS.REST, 'POST', sent);
  expect(answer.status).toBe(413);
  expectGuarded(answer);
});

test.each([{ 'content-length': '2097152' }, { 'transfer-encoding': 'chunked' }])(
  'a GET with a body (%o) is refused, with the security headers',
  async (sent) => {
    const answer = await sendHead('/livez', 'GET', sent);
    expect(answer.status).toBe(400);
    expectGuarded(answer);
  },
);

for (const mount of MOUNTS) {
  test(`${mount} refuses a body of a hundred thousand fields with a short error`, async () => {
    const fields = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`field-${index}`, 1]));
    const answer = await callOn(mount, place.url, 'auth.resendVerification', { body: fields });
    expect(reasonOf(answer)).toBe('VALIDATION_FAILED');
    expect(JSON.stringify(answer.body).length).toBeLessThan(2_000);
  });
}

test('REST refuses a form sent to a mutation without input', async () => {
  const admin = await founder;
  for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
    const headers = { 'content-type': type };
    const answer = await rest(place.url, 'POST', '/auth/logout', {
      token: admin.tokens().accessToken,
      headers,
      body: 'x=1',
    });
    expect([answer.status, reasonOf(answer)]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expectGuarded(answer);
  }
  expect((await rest(place.url, 'GET', '/users/me', { token: admin.tokens().accessToken })).status).toBe(200);
});

const OTHER_TYPES = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/jsonp',
  '',
];

for (const { mount, type } of onBothMounts(OTHER_TYPES.map((name) => ({ type: name })))) {
  test(`${mount} refuses a mutation sent as ${JSON.stringify(type)}`, async () => {
    const good = signUp();
    const response = await fetch(`${place.url}${PATHS[mount]}`, {
      method: 'POST',
      headers: type === '' ? {} : { 'content-type': type },
      body: new TextEncoder().encode(JSON.stringify(good)),
    });
    const answer = { status: response.status, headers: response.headers, body: (await response.json()) as unknown };
    expect([answer.status, reasonOf(answer)]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    await expectNothingStored(good.email);
  });
}

test('a JSON body with a charset in its content type is accepted', async () => {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  for (const mount of MOUNTS) {
    const answer = await callOn(mount, place.url, 'auth.resendVerification', {
      body: { email: freshEmail() },
      headers,
    });
    expect(answer.status).toBeLessThan(300);
  }
});

test('a mutation cannot be called by GET', async () => {
  const good = signUp();
  const input = encodeURIComponent(JSON.stringify(good));
  const overTrpc = await trpc(place.url, 'query', `auth.register?input=${input}`);
  expect([overTrpc.status, reasonOf(overTrpc)]).toEqual([405, 'METHOD_NOT_SUPPORTED']);
  const overRest = await rest(place.url, 'GET', '/auth/register');
  expect([overRest.status, reasonOf(overRest), overRest.headers.get('allow')]).toEqual([
    405,
    'METHOD_NOT_SUPPORTED',
    'POST',
  ]);
  await expectNothingStored(good.email);
});

for (const mount of MOUNTS) {
  test(`${mount} refuses a text with a NUL, which PostgreSQL cannot store, as bad input`, async () => {
    const admin = await founder;
    const answer = await callOn(mount, place.url, 'projects.create', {
      token: admin.tokens().accessToken,
      tenant: admin.slug,
      body: { name: 'Apollo', description: 'a\0b' },
    });
    expect([answer.status, reasonOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
    expect(at(errorOf(mount, answer), 'issues', 0, 'path')).toEqual(['description']);
  });
}
