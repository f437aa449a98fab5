import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createGate } from '../../core/gate.ts';
import { createPasswords } from '../../core/auth/passwords.ts';
import { createGate as createHold } from '../support/gate.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, PASSWORD } from '../support/people.ts';
import { waitFor } from '../support/wait.ts';
import { watchApp } from '../telemetry/app.ts';
import { freshAddress } from './answers.ts';

// One password is hashed at a time here, when the test allows it, and four may wait.
const place = inject('stack');
const QUEUE = 4;
const passwords = createPasswords();
const queue = createGate({
  width: 1,
  queue: QUEUE,
  refusal: 'Too many password checks are in progress. Retry the request in a moment.',
});
const hold = createHold();
const watched = await watchApp(place, {
  passwords: {
    ...passwords,
    gate: queue,
    verify: (stored, given, owners) =>
      queue.run(async () => {
        await hold.passed(() => true);
        return await passwords.verify(stored, given);
      }, owners),
  },
});
afterAll(() => watched[Symbol.asyncDispose]());

let refused = 0;
let people: { email: string }[];
beforeAll(async () => {
  const founder = await signUpTenant(place);
  people = await Promise.all(Array.from({ length: 8 }, () => addMember(place, founder)));
});

async function logIn(email: string | undefined, from: string): Promise<number> {
  const { status } = await watched.app.request(
    '/api/v1/auth/login',
    {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: PASSWORD }),
    },
    { socketAddress: from },
  );
  if (status === 503) refused += 1;
  return status;
}

test.each([
  {
    what: 'from one address into many accounts',
    flood: (from: string, turn: number) => logIn(people[turn]?.email, from),
  },
  { what: 'into one account from many addresses', flood: () => logIn(people[0]?.email, freshAddress()) },
])('a flood of logins $what gets 503, and a stranger can log in meanwhile', async ({ flood }) => {
  const from = freshAddress();
  refused = 0;
  hold.shut();
  const flooding = Array.from({ length: 7 }, (_, turn) => flood(from, turn));
  await waitFor('the queue to be full', () => queue.waiting === QUEUE && refused === 2);
  const stranger = logIn(people[7]?.email, freshAddress());
  await waitFor('one more to get 503', () => refused === 3);
  hold.open();
  expect(await stranger).toBe(200);
  const seen = await Promise.all(flooding);
  expect(seen.toSorted((one, other) => one - other)).toEqual([200, 200, 200, 200, 503, 503, 503]);
});
