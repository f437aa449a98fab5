import { expect, test } from 'vitest';
import { createSession } from '../../client/session.ts';
import { openSharedTokens, type TokenStorage } from '../../client/storage.ts';
import type { Tokens } from '../../client/tokens.ts';
import { waitFor } from '../support/wait.ts';
import { pair, type Trade } from './token-trades.ts';

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
