import { expect, test } from 'vitest';
import { createSession } from '../../client/session.ts';
import { tokensIn, type Tokens } from '../../client/tokens.ts';
import { aNumber } from '../support/matchers.ts';
import { pair, type Trade } from './token-trades.ts';

function sessionWith(tokens: Tokens | undefined) {
  const trades: Trade[] = [];
  const told: (Tokens | undefined)[] = [];
  const session = createSession({
    tokens,
    onTokens: (next) => told.push(next),
    exchange: (spent) => new Promise((resolve, reject) => void trades.push({ spent, resolve, reject })),
  });
  return { session, trades, told };
}

test('a valid token is returned at once', async () => {
  const { session, trades } = sessionWith(pair('a'));
  expect(await session.accessToken()).toBe('access-a');
  expect(trades).toEqual([]);
});

test('a token in its last 30 seconds is refreshed first', async () => {
  const old = pair('old', 29_000);
  const { session, trades, told } = sessionWith(old);
  const token = session.accessToken();
  expect(trades.map(({ spent }) => spent)).toEqual([old]);
  const next = pair('new');
  trades[0]?.resolve(next);
  expect(await token).toBe('access-new');
  expect(told).toEqual([next]);
});

test('simultaneous callers share one refresh', async () => {
  const { session, trades } = sessionWith(pair('old', 0));
  const waiting = [session.accessToken(), session.accessToken(), session.renew(), session.renew('access-old')];
  expect(trades).toHaveLength(1);
  trades[0]?.resolve(pair('new'));
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['access-new']));
});

test('a caller with a token that was refreshed meanwhile gets the new one, without a refresh', async () => {
  const { session, trades } = sessionWith(pair('new'));
  expect(await session.renew('access-old')).toBe('access-new');
  expect(trades).toEqual([]);
});

test('a refused refresh ends the session', async () => {
  const { session, trades, told } = sessionWith(pair('old', 0));
  const token = session.accessToken();
  trades[0]?.resolve(undefined);
  expect(await token).toBeUndefined();
  expect(told).toEqual([undefined]);
  expect(session.tokens).toBeUndefined();
});

test('a refresh that fails on the network keeps the tokens, and the next call tries again', async () => {
  const old = pair('old', 0);
  const { session, trades, told } = sessionWith(old);
  const token = session.accessToken();
  trades[0]?.reject(new Error('out of reach'));
  await expect(token).rejects.toThrow('out of reach');
  expect([session.tokens, told]).toEqual([old, []]);
  const again = session.accessToken();
  trades[1]?.resolve(pair('new'));
  expect(await again).toBe('access-new');
});

test('a logout during a refresh wins: the new tokens are dropped', async () => {
  const { session, trades, told } = sessionWith(pair('old', 0));
  const token = session.accessToken();
  session.set(undefined);
  trades[0]?.resolve(pair('new'));
  expect(await token).toBeUndefined();
  expect(told).toEqual([undefined]);
});

test('a login during a refresh wins: the refreshed tokens are dropped, and not waited for', async () => {
  const { session, trades } = sessionWith(pair('old', 0));
  const before = session.accessToken();
  session.set(pair('other'));
  expect(await session.accessToken()).toBe('access-other');
  trades[0]?.resolve(pair('new'));
  expect(await before).toBe('access-other');
});

test('a refresh of an earlier login is not shared with a later one', async () => {
  const { session, trades } = sessionWith(pair('old', 0));
  const first = session.accessToken();
  const later = pair('later', 0);
  session.set(later);
  const second = session.accessToken();
  trades[0]?.resolve(pair('new'));
  trades[1]?.resolve(pair('newest'));
  await first;
  expect(await second).toBe('access-newest');
});

test.each([
  null,
  undefined,
  'text',
  {},
  { accessToken: 'a', refreshToken: 'r' },
  { accessToken: 1, refreshToken: 'r', expiresIn: 900 },
  { accessToken: 'a', refreshToken: 'r', expiresIn: '900' },
])('%j is refused as stored tokens', (answer) => {
  expect(tokensIn(answer)).toBeUndefined();
});

test('the tokens of a login have their expiry as a time', () => {
  const before = Date.now();
  const tokens = tokensIn({ accessToken: 'a', refreshToken: 'r', expiresIn: 900, user: {} });
  const after = Date.now();
  expect(tokens).toEqual({ accessToken: 'a', refreshToken: 'r', expiresAt: aNumber });
  expect(tokens?.expiresAt).toBeGreaterThanOrEqual(before + 900_000);
  expect(tokens?.expiresAt).toBeLessThanOrEqual(after + 900_000);
});
