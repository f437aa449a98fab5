import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { callOn, MOUNTS } from '../support/mounts.ts';
import { startOwnServer, type OwnServer } from '../support/own-server.ts';
import { signUpTenant, PASSWORD, type Founder } from '../support/people.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { freshRequestId } from '../db/audit-rows.ts';

// Clients behind a proxy are told apart: in the limits, in their sessions and in the audit log.
const place = inject('stack');
let ada: Founder;
let server: OwnServer & AsyncDisposable;

beforeAll(async () => {
  ada = await signUpTenant(place);
  server = await startOwnServer(place, { RATE_LIMIT_FACTOR: '1', TRUSTED_PROXIES: '127.0.0.1/32,10.0.0.0/8' });
});
afterAll(() => server[Symbol.asyncDispose]());

test.each<[sent: Record<string, string>, stored: string]>([
  [{ 'x-forwarded-for': '203.0.113.7:4711' }, '203.0.113.7'],
  [{ 'x-forwarded-for': '198.51.100.7, [2001:DB8:0::1]:4711, 10.0.0.2:443' }, '2001:db8::1'],
  [{ 'x-forwarded-for': '0:0:0:0:0:ffff:cb00:7107' }, '203.0.113.7'],
  [{ forwarded: 'for="[2001:db8::1]:4711";proto=https;by=10.0.0.2' }, '2001:db8::1'],
  [{ forwarded: 'for=203.0.113.7', 'x-forwarded-for': '198.51.100.7' }, '127.0.0.1'],
])('a login with %o is recorded in its session and in the audit log as from %s', async (headers, stored) => {
  await using owner = connect(place.databaseOwnerUrl);
  for (const mount of MOUNTS) {
    const requestId = freshRequestId('address');
    const body = { email: ada.email, password: PASSWORD };
    const answer = await callOn(mount, server.url, 'auth.login', {
      body,
      headers: { ...headers, 'x-request-id': requestId },
    });
    expect(answer.status).toBe(200);
    const [row] = await owner.sql`
      select l.ip_address as logged, s.ip_address as session from public.audit_logs l, public.sessions s
      where l.request_id = ${requestId} and s.user_id = ${ada.userId} order by s.id desc limit 1`;
    expect(row).toEqual({ logged: stored, session: stored });
  }
});

test('each client behind a proxy that writes ports has its own limits, whatever port it comes from', async () => {
  const register = async (from: string): Promise<number> => {
    const call = { body: freshSignUp(), headers: { 'x-forwarded-for': from } };
    return (await callOn('REST', server.url, 'auth.register', call)).status;
  };
  // 3 an hour for each address.
  for (const [port, status] of [
    [1024, 202],
    [4711, 202],
    [50_000, 202],
    [65_535, 429],
  ]) {
    expect(await register(`203.0.113.80:${port}`)).toBe(status);
  }
  expect(await register('203.0.113.81:1024')).toBe(202);
});
