import { availableParallelism } from 'node:os';
import { hash } from '@node-rs/argon2';
import { expect, test } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { assertStrongPassword, createPasswords } from '../../core/auth/passwords.ts';
import { aList, aNumber } from '../support/matchers.ts';
import { at } from '../support/rest.ts';

const WIDTH = Math.max(1, availableParallelism() - 1);
/** @returns different characters outside the basic plane: each is one code point and two code units */
const symbols = (count: number): string =>
  Array.from({ length: count }, (_, index) => String.fromCodePoint(0x1_f300 + ((index * 37) % 500))).join('');

function verdictOn(password: string, userInputs: string[] = []): AppError | undefined {
  try {
    assertStrongPassword(password, userInputs);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

test.each([
  ['four plain words', 'quiet-otter-paints-seven-lanterns'],
  ['128 code points in 256 code units', symbols(128)],
  ['12 characters that nobody guesses', 'kT9#vQ2!xL7m'],
  ['12 code points in 24 code units', symbols(12)],
  ['15 characters of score 3', 'summer holidays'],
  ['spaces around it, which count', '  kT9#vQ2!xL7m  '],
])('accepts %s', (_, password) => {
  expect(verdictOn(password)).toBeUndefined();
});

test.each([
  ['11 characters, however wild', 'kT9#vQ2!xL7'],
  ['11 code points, though they are 22 code units', symbols(11)],
  ['129 code points', symbols(129)],
  ['a password of a mebibyte', 'x'.repeat(1 << 20)],
  ['14 characters of score 3', 'summer holiday'],
  ['one that everybody has', 'password12345678'],
  ['one letter over and over', 'aaaaaaaaaaaaaaaa'],
])('refuses %s', (_, password) => {
  expect(verdictOn(password)).toMatchObject({
    reason: 'PASSWORD_TOO_WEAK',
    status: 422,
    details: { password: { score: aNumber, suggestions: aList } },
  });
});

test('the refusal of a weak password has its score and does not repeat the password', () => {
  const refusal = verdictOn('summer holiday');
  expect(refusal?.details.password?.score).toBe(3);
  expect(JSON.stringify([refusal?.message, refusal?.details])).not.toMatch(/summer|holiday/);
});

test.each([
  ['name', 'Zbigniewa Wojciechowska'],
  ['e-mail', 'zbigniewa.wojciechowska@example.com'],
  ['tenant', 'Wojciechowska & Daughters'],
])('a password made of what others know of the user, as their %s, is weak', (_, known) => {
  const password = 'wojciechowska42';
  expect(verdictOn(password)).toBeUndefined();
  expect(verdictOn(password, [known])).toMatchObject({ reason: 'PASSWORD_TOO_WEAK' });
});

test('a password verifies only against its own hash, without trimming or case folding', async () => {
  const passwords = createPasswords();
  const stored = await passwords.hash(' Quiet Otter 1 ');
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await passwords.hash(' Quiet Otter 1 ')).not.toBe(stored);
  expect(await passwords.verify(stored, ' Quiet Otter 1 ')).toBe(true);
  for (const wrong of ['Quiet Otter 1', ' quiet otter 1 ', '', ' Quiet Otter 1 \u0000']) {
    expect(await passwords.verify(stored, wrong)).toBe(false);
  }
});

test('checking a password without an account costs one hash, and never succeeds', async () => {
  const passwords = createPasswords();
  const stored = await passwords.hash('the right one');
  await passwords.verify(undefined, 'warms up');
  const timed = async (of: string | undefined): Promise<number> => {
    const start = performance.now();
    const checking = passwords.verify(of, 'a wrong one');
    await Promise.resolve();
    expect(passwords.gate.running).toBe(1);
    expect(await checking).toBe(false);
    return performance.now() - start;
  };
  const pairs: [number, number][] = [];
  for (let round = 0; round < 9; round += 1) pairs.push([await timed(stored), await timed(undefined)]);
  const median = (of: 0 | 1): number => pairs.map((pair) => pair[of]).toSorted((a, b) => a - b)[4] ?? 0;
  expect(median(1) / median(0)).toBeGreaterThan(0.5);
  expect(median(1) / median(0)).toBeLessThan(2);
});

test('a password that is too long is refused at the cost of a normal check', async () => {
  const passwords = createPasswords();
  const empty = await hash('', { memoryCost: 8, timeCost: 1, parallelism: 1 });
  expect(await passwords.verify(empty, 'x'.repeat(1 << 20))).toBe(false);
});

test('password checks beyond the queue are refused as OVERLOADED, and later ones are served again', async () => {
  const passwords = createPasswords({ queue: 1 });
  const stored = await passwords.hash('the right one');
  const flood = Array.from({ length: WIDTH + 3 }, () => passwords.verify(stored, 'the right one'));
  const settled = await Promise.allSettled(flood);
  expect(settled.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(1);
  for (const result of settled) {
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ reason: 'OVERLOADED' });
  }
  expect(settled.some(({ status }) => status === 'rejected')).toBe(true);
  expect(await passwords.verify(stored, 'the right one')).toBe(true);
  expect(passwords.gate).toMatchObject({ running: 0, waiting: 0 });
});

test('new passwords are scored one at a time, and the event loop turns between any two', async () => {
  const passwords = createPasswords();
  let turn = 0;
  let counting = setImmediate(function count() {
    turn += 1;
    counting = setImmediate(count);
  });
  const scored = await Promise.all(
    Array.from({ length: 10 }, () =>
      passwords.assertStrong('passwordpassword', ['Ada Lovelace']).catch((error: unknown) => {
        expect(error).toMatchObject({ reason: 'PASSWORD_TOO_WEAK' });
        return turn;
      }),
    ),
  );
  clearImmediate(counting);
  // A turn may be counted before or after the scoring in it, so two neighbours may be equal.
  expect(new Set(scored).size).toBeGreaterThanOrEqual(5);
});

test('new passwords beyond the queue are refused as OVERLOADED', async () => {
  const passwords = createPasswords({ queue: 1 });
  const flood = Array.from({ length: 4 }, () => passwords.assertStrong('passwordpassword', []));
  const reasons = (await Promise.allSettled(flood)).map((one) => one.status === 'rejected' && at(one.reason, 'reason'));
  expect(reasons).toEqual(['PASSWORD_TOO_WEAK', 'PASSWORD_TOO_WEAK', 'OVERLOADED', 'OVERLOADED']);
});

test('a password is compared with the first 64 known facts about its user, and with no others', async () => {
  const passwords = createPasswords();
  const known = [...Array.from({ length: 64 }, (_, index) => `Tenant ${index}`), 'Wojciechowska'];
  await expect(passwords.assertStrong('wojciechowska42', known)).resolves.toBeUndefined();
  await expect(passwords.assertStrong('wojciechowska42', known.slice(1))).rejects.toMatchObject({
    reason: 'PASSWORD_TOO_WEAK',
  });
});

test('a refused first check does not affect later ones', async () => {
  const passwords = createPasswords({ queue: 0 });
  const busy = Array.from({ length: WIDTH }, () => passwords.hash('keeps the gate busy'));
  const first = await passwords.verify(undefined, 'unknown').catch((error: unknown) => at(error, 'reason'));
  expect([false, 'OVERLOADED']).toContain(first);
  const [stored = ''] = await Promise.all(busy);
  expect(await passwords.verify(undefined, 'unknown')).toBe(false);
  expect(await passwords.verify(stored, 'keeps the gate busy')).toBe(true);
});

test.each([
  ['$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA', false],
  ['$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA', false],
  ['$argon2id$v=19$m=19455,t=2,p=1$c2FsdHNhbHQ$aGFzaA', true],
  ['$argon2id$v=19$m=19456,t=1,p=1$c2FsdHNhbHQ$aGFzaA', true],
  ['$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA', true],
  ['$argon2id$v=16$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA', true],
  ['$2b$12$abcdefghijklmnopqrstuu', true],
])('whether %s is weaker than a hash of today: %s', (stored, outdated) => {
  expect(createPasswords().isOutdated(stored)).toBe(outdated);
});
