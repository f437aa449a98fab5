import { connect as dial, type Socket } from 'node:net';
import { decodeJwt } from 'jose';
import { beforeAll, expect, inject, test } from 'vitest';
import { createPasswords } from '../../core/auth/passwords.ts';
import { parseEnv, SETTINGS } from '../../core/env/index.ts';
import { forge } from '../matrix/forge.ts';
import { addMember } from '../support/members.ts';
import { MOUNTS, type Mount } from '../support/mounts.ts';
import { startOwnServer } from '../support/own-server.ts';
import { signUpTenant, logIn, PASSWORD, type Founder } from '../support/people.ts';
import { rest } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';
import { watchApp } from '../telemetry/app.ts';
import { readMetrics } from '../telemetry/metrics.ts';
import { invite } from './invited.ts';

// While a body arrives slowly, no database connection is held, and the checks are made after it has arrived.
const place = inject('stack');
let ada: Founder;
let ben: Founder;

beforeAll(async () => {
  [ada, ben] = await Promise.all([signUpTenant(place), signUpTenant(place)]);
});

const PATHS: Record<Mount, string> = { tRPC: '/trpc/apiKeys.create', REST: '/api/v1/api-keys' };

/** The lifetime of a token in seconds, long enough for it to be valid when the request begins. */
const LIVES = 3;

/** Sends a request without the end of its body. */
async function begin(
  url: string,
  token: string,
  body: string,
  method = 'POST',
): Promise<{ socket: Socket; end(): Promise<string> }> {
  const { hostname, port, pathname } = new URL(url);
  const socket = dial(Number(port), hostname);
  const answer = new Promise<string>((resolve, reject) => {
    socket.once('data', (bytes) => resolve(bytes.toString('utf8'))).once('error', reject);
  });
  const head = [
    `${method} ${pathname} HTTP/1.1`,
    `host: ${hostname}`,
    `authorization: Bearer ${token}`,
    `x-tenant-slug: ${ada.slug}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  await new Promise((resolve) => socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 1)}`, resolve));
  return {
    socket,
    end: async () => {
      socket.write(body.slice(1));
      return (await answer).slice(0, 12);
    },
  };
}

test.each(MOUNTS)('a member who is removed while the body is still being sent changes nothing (%s)', async (mount) => {
  const gone = await addMember(place, ada, 'admin');
  const { accessToken } = gone.tokens();
  const request = await begin(place.url + PATHS[mount], accessToken, '{"name": "Too late", "role": "admin"}');
  await ada.client.members.remove.mutate({ userId: gone.userId });
  expect(await request.end()).toBe('HTTP/1.1 404');
  request.socket.destroy();
  const { items } = await ada.client.apiKeys.list.query({});
  expect(items.map(({ name }) => name)).not.toContain('Too late');
});

test('a token that expires while the body is still being sent is refused, for every kind of caller', async () => {
  const env = parseEnv(place.env, SETTINGS.pick({ JWT_KEYS: true, PUBLIC_URL: true }));
  const mint = { signingKey: env.JWT_KEYS[0], issuer: env.PUBLIC_URL, home: ada };
  const [grace, root] = await Promise.all([addMember(place, ada, 'admin'), logIn(place, place.superuser)]);
  const invited = await invite(place, ben, { email: grace.email });
  const assumed = await root.client.admin.assumeIdentity.mutate({
    ...{ userId: grace.userId, tenantSlug: ada.slug, mode: 'write', reason: 'Ticket 4711: cannot see a project' },
  });
  const inSession = { userId: grace.userId, sessionId: String(decodeJwt(grace.login.accessToken)['sid']) };
  const asGrace = await forge(mint, inSession, { lives: LIVES });
  const inHerPlace = { userId: grace.userId, sessionId: assumed.id };
  const asOperator = await forge(mint, inHerPlace, { lives: LIVES, operatorId: root.login.user.id });
  const over = Date.now() + LIVES * 1000;
  const passwords = { currentPassword: PASSWORD, newPassword: 'brisk-walrus-folds-nine-umbrellas' };
  const calls = [
    // A call in the tenant, in its lobby, as a user, without a transaction, and with a token beside another proof.
    ['projects.create', 'POST', '/projects', { name: 'Too late' }],
    ['apiKeys.create', 'POST', '/api-keys', { name: 'Too late', role: 'admin' }],
    ['users.updateMe', 'PATCH', '/users/me', { fullName: 'Too Late' }],
    ['auth.changePassword', 'POST', '/auth/change-password', passwords],
    ['invites.accept', 'POST', '/invites/accept', { token: invited.token }],
  ] as const;
  const requests = await Promise.all([
    ...calls.flatMap(([procedure, method, path, body]) => [
      begin(`${place.url}/trpc/${procedure}`, asGrace, JSON.stringify(body)),
      begin(`${place.url}/api/v1${path}`, asGrace, JSON.stringify(body), method),
    ]),
    begin(`${place.url}/trpc/projects.create`, asOperator, '{"name": "Too late"}'),
    begin(`${place.url}/api/v1/projects`, asOperator, '{"name": "Too late"}'),
  ]);
  const early = await Promise.all(
    [asGrace, asOperator].map((token) => rest(place.url, 'GET', '/projects', { token, tenant: ada.slug })),
  );
  expect(
    early.map(({ status }) => status),
    'to be sure that they are good tokens',
  ).toEqual([200, 200]);
  await waitFor('the tokens to run out', () => Date.now() > over);
  const answers = await Promise.all(requests.map(async (request) => await request.end()));
  for (const { socket } of requests) socket.destroy();
  expect(answers).toEqual(answers.map(() => 'HTTP/1.1 401'));
  const { items } = await ada.client.projects.list.query({});
  expect(items.map(({ name }) => name)).not.toContain('Too late');
  expect((await ada.client.apiKeys.list.query({})).items.map(({ name }) => name)).not.toContain('Too late');
  expect((await grace.client.users.me.query()).fullName).toBe('Grace Hopper');
});

test('a token that expires while its call waits for a hash changes no password', async () => {
  const env = parseEnv(place.env, SETTINGS.pick({ JWT_KEYS: true, PUBLIC_URL: true }));
  const mint = { signingKey: env.JWT_KEYS[0], issuer: env.PUBLIC_URL, home: ada };
  const grace = await addMember(place, ada);
  const passwords = createPasswords();
  const over = Date.now() + LIVES * 1000;
  await using watched = await watchApp(place, {
    passwords: {
      ...passwords,
      async hash(password) {
        await waitFor('the token to run out', () => Date.now() > over + 1_000);
        return await passwords.hash(password);
      },
    },
  });
  const sessionId = String(decodeJwt(grace.login.accessToken)['sid']);
  const token = await forge(mint, { userId: grace.userId, sessionId }, { lives: LIVES });
  const answer = await watched.app.request('/api/v1/auth/change-password', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ currentPassword: PASSWORD, newPassword: 'brisk-walrus-folds-nine-umbrellas' }),
  });
  expect(answer.status).toBe(401);
  expect((await logIn(place, { email: grace.email })).login.user.id).toBe(grace.userId);
});

test('bodies that never end hold no database connection, and other callers are served', async () => {
  const { accessToken } = ada.tokens();
  // With its own server no other test uses its connections.
  await using server = await startOwnServer(place, {});
  const path = (index: number) => PATHS[MOUNTS[index % 2] ?? 'REST'];
  const slow = await Promise.all(
    Array.from({ length: 24 }, (_, index) => begin(server.url + path(index), accessToken, '{"name": "…"}')),
  );
  const list = () => rest(server.url, 'GET', '/projects', { token: accessToken, tenant: ada.slug });
  const busy = async () => (await readMetrics(server.url)).value('atrium_pool_connections_busy');
  try {
    expect((await list()).status).toBe(200);
    // Within 5 s, because a transaction that waited for the body would be aborted only after 10 s.
    await waitFor('all connections to be free', async () => (await busy()) === 0, 5_000);
    const answers = await Promise.all(Array.from({ length: 10 }, list));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
  } finally {
    for (const { socket } of slow) socket.destroy();
  }
});
