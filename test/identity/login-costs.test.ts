import { BlockList } from 'node:net';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createAccessTokens } from '../../core/access-token.ts';
import { parseEnv, SETTINGS } from '../../core/env/index.ts';
import { createLog } from '../../core/log.ts';
import { createPasswords, type Passwords } from '../../core/passwords.ts';
import { createMemoryCounter, createRateLimits } from '../../core/rate-limit/index.ts';
import { createStreams } from '../../routers/streams.ts';
import { createApp } from '../../src/app.ts';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { foundTenant, freshEmail, PASSWORD, type Founder } from '../support/people.ts';
import { openPool } from '../support/pool-open.ts';
import { rest } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';

// A failed login takes the same two checks of a password, whoever it was: its time tells nothing.
const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
const { pool, ...open } = openPool(place.databaseUrl);
const WRONG = 'not-the-password-of-anyone';
let ada: Founder;

beforeAll(async () => {
  ada = await foundTenant(place);
});
afterAll(async () => {
  await owner[Symbol.asyncDispose]();
  await open[Symbol.asyncDispose]();
});

/** Logs in at a server of our own. @returns the status, and how many passwords it checked */
async function enter(email: string, password: string): Promise<[number, number]> {
  const env = parseEnv(place.env, SETTINGS.pick({ JWT_KEYS: true, PUBLIC_URL: true, SECRET_KEY: true }));
  const passwords = createPasswords();
  let checks = 0;
  const counting: Passwords = {
    ...passwords,
    verify(stored, given) {
      checks += 1;
      return passwords.verify(stored, given);
    },
  };
  const app = createApp({
    services: {
      pool,
      log: createLog({ name: 'test', format: 'json', level: 'silent' }),
      accessTokens: await createAccessTokens({ keys: env.JWT_KEYS, issuer: env.PUBLIC_URL }),
      passwords: counting,
      secretKeys: env.SECRET_KEY,
      rateLimits: createRateLimits({ counter: createMemoryCounter(), factor: 1 }),
      streams: createStreams(),
      ending: new AbortController().signal,
    },
    publicUrl: env.PUBLIC_URL,
    version: '0',
    corsOrigins: [],
    trustedProxies: new BlockList(),
    drain: { draining: false, refusing: false, ending: new AbortController().signal },
    probePool: pool,
  });
  const request = new Request(`${place.url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  const { status } = await app.fetch(request, { socketAddress: null });
  return [status, checks];
}

test('a failed login checks two passwords, whoever it was', async () => {
  const waiting = freshSignUp();
  await rest(place.url, 'POST', '/auth/register', { body: waiting });
  const disabled = await addMember(place, ada);
  await owner.sql`update public.users set disabled_at = now() where id = ${disabled.userId}`;
  expect(await enter(ada.email, WRONG)).toEqual([401, 2]);
  expect(await enter(freshEmail('nobody'), WRONG)).toEqual([401, 2]);
  expect(await enter(waiting.email, WRONG)).toEqual([401, 2]);
  expect(await enter(waiting.email, PASSWORD)).toEqual([403, 2]);
  expect(await enter(disabled.email, WRONG)).toEqual([401, 2]);
  expect(await enter(disabled.email, PASSWORD)).toEqual([401, 2]);
});
