import { expect, test } from 'vitest';
import { createSession } from '../../client/session.ts';
import { openSharedTokens, type TokenStorage } from '../../client/storage.ts';
import { tokensIn, type Tokens } from '../../client/tokens.ts';
import { aNumber } from '../support/matchers.ts';
import { waitFor } from '../support/wait.ts';

const HOUR = 3_600_000;
const pair = (name: string, expiresIn = HOUR): Tokens => ({
  accessToken: `access-${name}`,
  refreshToken: `refresh-${name}`,
  expiresAt: Date.now() + expiresIn,
});

/** A running exchange of tokens that the test answers. */
interface Trade {
  spent: Tokens;
  resolve(tokens: Tokens | undefined): void;
  reject(error: Error): void;
}

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

// Two tabs share one storage.

function storage(): TokenStorage & { text(): string | null } {
  let kept: string | null = null;
  return {
    getItem: () => kept,
    setItem: (_, value) => {
      kept = value;
    },
    removeItem: () => {
      kept = null;
    },
    text: () => kept,
  };
}

function tabs(start: Tokens | undefined, own: (Partial<Tokens> | undefined)[] = [{}, {}]) {
  const shared = storage();
  const trades: (Trade & { tab: number; borrowed: boolean })[] = [];
  const sessions = own.map((mine, tab) =>
    createSession({
      tokens: start && { ...start, ...mine },
      shared: openSharedTokens(shared, 'test'),
      onTokens: () => undefined,
      exchange: (spent, borrowed) =>
        new Promise((resolve, reject) => void trades.push({ tab, spent, borrowed, resolve, reject })),
    }),
  );
  const [one, other] = sessions;
  if (!one || !other) throw new Error('Two tabs are needed');
  const trade = async (index: number) => await waitFor(`trade ${index}`, () => trades[index]);
  return { one, other, trades, trade, shared };
}

test('a tab uses the tokens that another one got, without a refresh', async () => {
  const { one, other, trades, trade } = tabs(pair('old', 0));
  const first = one.accessToken();
  (await trade(0)).resolve(pair('new'));
  expect(await first).toBe('access-new');
  expect(await other.accessToken()).toBe('access-new');
  expect(await other.renew('access-old')).toBe('access-new');
  expect(other.refreshToken()).toBe('refresh-new');
  expect(trades).toHaveLength(1);
});

test("a tab whose refresh is refused because another tab refreshed meanwhile uses that tab's tokens", async () => {
  const { one, other, trade } = tabs(pair('old', 0));
  const late = other.renew();
  const underWay = await trade(0);
  one.set(pair('newest'));
  underWay.resolve(undefined);
  expect(await late).toBe('access-newest');
  expect([one.tokens?.accessToken, other.tokens?.accessToken]).toEqual(['access-newest', 'access-newest']);
});

test("the tokens of a password change are not overwritten by another tab's running refresh", async () => {
  const { one, other, trade } = tabs(pair('old', 0));
  const late = other.renew();
  const underWay = await trade(0);
  one.set(pair('changed'));
  underWay.resolve(pair('retired'));
  expect(await late).toBe('access-changed');
  expect(one.refreshToken()).toBe('refresh-changed');
});

test('a logout in one tab logs out all tabs, without a refresh', async () => {
  const { one, other, trades, shared } = tabs(pair('good'));
  one.set(undefined);
  expect(shared.text()).toBeNull();
  expect(await other.renew('access-good')).toBeUndefined();
  expect([other.tokens, trades]).toEqual([undefined, []]);
});

test('a login in one tab logs in the tabs without a session', async () => {
  const { one, other } = tabs(undefined);
  one.set(pair('good'));
  expect(await other.accessToken()).toBe('access-good');
});

test('tabs in different tenants share the refresh token, and each stays in its tenant', async () => {
  const { one, other, trade } = tabs(pair('old', 0), [{ tenantSlug: 'acme' }, { tenantSlug: 'bolts' }]);
  const first = one.accessToken();
  const ofOne = await trade(0);
  expect(ofOne.spent).toMatchObject({ refreshToken: 'refresh-old', tenantSlug: 'acme' });
  ofOne.resolve({ ...pair('a'), tenantSlug: 'acme' });
  expect(await first).toBe('access-a');
  const second = other.accessToken();
  const ofOther = await trade(1);
  expect(ofOther).toMatchObject({ spent: { refreshToken: 'refresh-a', tenantSlug: 'bolts' }, borrowed: true });
  ofOther.resolve({ ...pair('b'), tenantSlug: 'bolts' });
  expect(await second).toBe('access-b');
  expect(one.tokens?.tenantSlug).toBe('acme');
});

test('a forbidden, full or corrupt storage does not break a login', async () => {
  const broken = (): never => {
    throw new Error('forbidden');
  };
  for (const kept of [
    { getItem: broken, setItem: broken, removeItem: broken },
    { getItem: () => null, setItem: broken, removeItem: broken },
  ]) {
    const session = createSession({
      tokens: pair('good'),
      shared: openSharedTokens(kept, 'test'),
      onTokens: () => undefined,
      exchange: () => Promise.reject(new Error('not needed')),
    });
    expect(await session.accessToken()).toBe('access-good');
    expect(await session.renew('another')).toBe('access-good');
  }
  for (const text of ['', '{', 'null', '{"accessToken": 1}']) {
    expect(openSharedTokens({ ...storage(), getItem: () => text }, 'test').load()).toBeUndefined();
  }
});
