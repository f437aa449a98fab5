import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, inject, test, vi } from 'vitest';
import { ROOT } from '../docs/markdown.ts';
import { connect } from '../support/database.ts';
import { startOwnStack } from '../support/own-stack.ts';
import { signUpTenant, freshEmail, PASSWORD, type Founder } from '../support/people.ts';
import { at } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { watchApp } from '../telemetry/app.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** The longest time between two statements of a test, in ms, on a busy machine. */
const MEANWHILE_MS = 60_000;

// A stack of its own: ids contain the time, so rows of the wrong clock would be sorted among those of other tests.
const place = await startOwnStack(inject('stack'));
const owner = connect(place.databaseOwnerUrl);
const watched = await watchApp(place);
let ada: Founder;
let ben: Founder;
beforeAll(async () => {
  [ada, ben] = await Promise.all([signUpTenant(place), signUpTenant(place)]);
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(async () => {
  await watched[Symbol.asyncDispose]();
  await owner[Symbol.asyncDispose]();
  await place.remove();
});

/** Sets the clock of the server wrong, and no other clock. */
function setOff(days: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + days * DAY_MS, shouldAdvanceTime: false });
}

/** Calls the server with the wrong clock. @returns the body of the answer */
async function call(method: string, path: string, body?: unknown, token?: string): Promise<unknown> {
  const response = await watched.app.request(`/api/v1${path}`, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(token !== undefined && { 'x-tenant-slug': ada.slug }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  expect([path, response.status < 300 ? 'ok' : text]).toEqual([path, 'ok']);
  return text === '' ? undefined : JSON.parse(text);
}

/** @returns the time from now until a stored time, in ms, by the database's clock */
async function untilIn(table: string, column: string, where: string, value: string): Promise<number> {
  const { sql } = owner;
  const [row] = await sql<{ ms: number }[]>`
    select extract(epoch from ${sql(column)} - now())::float8 * 1000 as ms from ${sql(`public.${table}`)}
    where ${sql(where)}::text = ${value} order by created_at desc limit 1`;
  return row?.ms ?? Number.NaN;
}

test.each([
  ['a week ahead', 8],
  ['a week behind', -8],
])(
  'with a server whose clock is %s, what is stored ends and was changed by the database’s clock',
  async (_, days) => {
    const project = await ada.client.projects.create.mutate({ name: `clock ${days}` });
    setOff(days);
    const login = { email: ada.email, password: PASSWORD, tenantSlug: ada.slug };
    const token = String(at(await call('POST', '/auth/login', login), 'accessToken'));
    const rootLogin = await call('POST', '/auth/login', place.superuser);
    const root = String(at(rootLogin, 'accessToken'));
    const rootId = String(at(rootLogin, 'user', 'id'));

    const signUp = freshSignUp();
    await call('POST', '/auth/register', signUp);
    await call('POST', '/auth/password-reset', { email: signUp.email });
    const invited = String(at(await call('POST', '/invites', { email: freshEmail(), role: 'member' }, token), 'id'));
    const resent = await call('POST', `/invites/${invited}/resend`, undefined, token);
    const usual = String(at(await call('POST', '/api-keys', { name: 'usual', role: 'member' }, token), 'id'));
    const [soon] = await owner.sql<{ at: string }[]>`select to_json(now() + interval '1 hour') #>> '{}' as at`;
    const wanted = { name: 'wanted', role: 'member', expiresAt: soon?.at };
    await call('POST', '/api-keys', wanted, token);
    const changed = await call('PATCH', `/projects/${project.id}`, { description: 'changed' }, token);
    const assume = { userId: ada.userId, tenantSlug: ada.slug, reason: 'to see what the clock says' };
    const identity = String(at(await call('POST', '/admin/assume-identity', assume, root), 'id'));
    const listed = await call('GET', `/invites/${invited}`, undefined, token);
    const disabled = await call('POST', `/admin/users/${ben.userId}/disable`, undefined, root);
    await call('POST', `/admin/users/${ben.userId}/enable`, undefined, root);
    vi.useRealTimers();

    expect([at(resent, 'status'), at(listed, 'status')]).toEqual(['pending', 'pending']);
    const ends: [days: number, untilThen: number][] = [
      [90, await untilIn('sessions', 'expires_at', 'user_id', ada.userId)],
      [90, await untilIn('sessions', 'expires_at', 'user_id', rootId)],
      [30, await untilIn('refresh_tokens', 'expires_at', 'tenant_id', ada.tenantId)],
      [1, await untilIn('sign_ups', 'verification_expires_at', 'email', signUp.email)],
      [7, await untilIn('mail_requests', 'created_at', 'email', signUp.email).then((created) => created + 7 * DAY_MS)],
      [7, await untilIn('invites', 'expires_at', 'id', invited)],
      [90, await untilIn('api_keys', 'expires_at', 'id', usual)],
      [15 / (24 * 60), await untilIn('assumed_identities', 'expires_at', 'id', identity)],
      [0, Date.parse(String(at(changed, 'updatedAt'))) - Date.now()],
      [0, Date.parse(String(at(disabled, 'disabledAt'))) - Date.now()],
    ];
    for (const [inDays, untilThen] of ends) {
      expect(Math.abs(untilThen - inDays * DAY_MS), `${inDays} days`).toBeLessThan(MEANWHILE_MS);
    }
  },
  60_000,
);

/** Files that may use the clock of the process, because they do not store its time or compare it with stored times. */
const OWN_CLOCK = [
  // Checks the expiry of tokens that servers have made.
  'db/entering/enter.ts',
  // Limits how often an outage of PostgreSQL is logged.
  'db/connection/pool.ts',
];

test('no file of db/ or routers/ reads the clock of the process, except those that compare it with times of the process', () => {
  const files = ['db', 'routers'].flatMap((layer) =>
    readdirSync(join(ROOT, layer), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(layer, file)),
  );
  const asking = files.filter((file) => /\bDate\.now\b|\bnew Date\(\)/.test(readFileSync(join(ROOT, file), 'utf8')));
  expect(asking.toSorted()).toEqual(OWN_CLOCK.toSorted());
});
