import { afterAll, expect, inject, test } from 'vitest';
import { createPasswords } from '../../core/auth/passwords.ts';
import { freshEmail, freshSlug, PASSWORD } from '../support/people.ts';
import { watchApp } from '../telemetry/app.ts';
import { freshAddress } from './answers.ts';
import { withinOneWindow } from './window.ts';

// One password is hashed at a time here, and none may wait: of two at once one gets a 503.
const watched = await watchApp(inject('stack'), {
  passwords: createPasswords({ width: 1, queue: 0 }),
  rateLimitFactor: 1,
});
afterAll(() => watched[Symbol.asyncDispose]());

interface Answered {
  status: number;
  remaining: string | null;
}

/** Signs up from an address. */
async function signUp(from: string, more: object = {}): Promise<Answered> {
  const about = { email: freshEmail(), password: PASSWORD, fullName: 'Ada Lovelace', tenantName: 'Acme' };
  const response = await watched.app.request(
    '/api/v1/auth/register',
    {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...about, tenantSlug: freshSlug(), ...more }),
    },
    { socketAddress: from },
  );
  return { status: response.status, remaining: response.headers.get('ratelimit-remaining') };
}

/** Logs in from an address, each time to the same account. */
async function logIn(from: string): Promise<Answered> {
  const response = await watched.app.request(
    '/api/v1/auth/login',
    {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: `${from}@example.com`, password: PASSWORD }),
    },
    { socketAddress: from },
  );
  return { status: response.status, remaining: response.headers.get('ratelimit-remaining') };
}

/** Makes two calls at once. @returns their statuses in order */
async function two(one: () => Promise<Answered>): Promise<number[]> {
  const answers = await Promise.all([one(), one()]);
  return answers.map(({ status }) => status).toSorted((lower, higher) => lower - higher);
}

test('a sign-up that the server was too busy for does not count for its address, and the headers say so', async () => {
  await withinOneWindow(3600, 8_000);
  const from = freshAddress();
  expect(await signUp(from, { tenantSlug: '!' })).toEqual({ status: 400, remaining: '299' });
  expect(await two(() => signUp(from))).toEqual([202, 503]);
  expect(await two(() => signUp(from))).toEqual([202, 503]);
  expect(await signUp(from)).toEqual({ status: 202, remaining: '0' });
  expect(await signUp(from)).toEqual({ status: 429, remaining: '0' });
});

test('a sign-up that the server was too busy for does not count as a mail to its recipient', async () => {
  await withinOneWindow(3600, 8_000);
  const email = freshEmail();
  for (let turn = 0; turn < 2; turn += 1) {
    expect(await two(() => signUp(freshAddress(), { email }))).toEqual([202, 503]);
  }
  expect(await signUp(freshAddress(), { email })).toMatchObject({ status: 202 });
  expect(await signUp(freshAddress(), { email })).toMatchObject({ status: 429 });
});

test('a guess at a password counts even if the server was too busy for it', async () => {
  await withinOneWindow(60, 8_000);
  const from = freshAddress();
  const seen = [...(await two(() => logIn(from))), ...(await two(() => logIn(from))), (await logIn(from)).status];
  expect(seen.every((status) => status === 401 || status === 503)).toBe(true);
  expect(await logIn(from)).toEqual({ status: 429, remaining: '0' });
});
