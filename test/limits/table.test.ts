import { describe, expect, test } from 'vitest';
import { createPasswords } from '../../core/auth/passwords.ts';
import { CONCURRENCY_RULES, RULES, rulesOf, type Cost } from '../../core/rate-limit/index.ts';
import { auditExportRouter } from '../../routers/audit/export.ts';
import { countedPasswords } from '../../routers/procedures/costs.ts';
import { createSpent } from '../../routers/procedures/limits.ts';
import { procedures } from '../matrix/procedures.ts';
import { PRODUCT_CALL_COSTS } from '../product/matrix.ts';

/** The costs of each procedure beyond queries. A procedure with a cost that is missing here is refused. */
const COSTS: Record<string, readonly Cost[]> = {
  'auth.register': ['hash', 'score', 'mail', 'provision'],
  'auth.login': ['hash'],
  'auth.changePassword': ['hash', 'score'],
  'auth.resetPassword': ['hash', 'score'],
  'auth.requestPasswordReset': ['mail'],
  'auth.resendVerification': ['mail'],
  'auth.verifyEmail': ['hash'],
  'invites.create': ['mail'],
  'invites.resend': ['mail'],
  'invites.accept': ['hash', 'score'],
  'tenants.create': ['provision'],
  'admin.retryProvisioning': ['provision'],
  ...PRODUCT_CALL_COSTS,
};

const paths = [...procedures().map(({ path }) => path), ...Object.keys(auditExportRouter._def.procedures)];

test('every limit names procedures that exist', () => {
  const rules = [...Object.values(RULES), ...Object.values(CONCURRENCY_RULES)];
  const named = rules.flatMap(({ counts: { of } }) => (of === 'all' ? [] : of));
  expect(named.filter((path) => !paths.includes(path))).toEqual([]);
});

test('every limit of a cost is of a procedure that has the cost', () => {
  const bounding = paths.filter((path) =>
    [...rulesOf(path).all].some((name) => RULES[name].counts.of !== 'all' && RULES[name].bounds),
  );
  expect(bounding.toSorted()).toEqual(Object.keys(COSTS).toSorted());
});

describe.each(Object.entries(COSTS))('%s', (path, costs) => {
  test.each(costs)('is limited in its cost %s by who asks and by whom it is for', (cost) => {
    const bounds = [...rulesOf(path).all].flatMap((name) => RULES[name].bounds ?? []);
    const sides = bounds.filter((bound) => bound.costs.includes(cost)).map(({ per }) => per);
    expect([...new Set(sides)].toSorted()).toEqual(['source', 'target']);
  });
});

test.each(['hash', 'verify', 'assertStrong'] as const)(
  'a procedure that was not counted by who asks and by whom it is for cannot call passwords.%s',
  async (work) => {
    const call = { passwords: createPasswords(), request: { ipAddress: null } };
    const spent = createSpent('planted.procedure');
    const passwords = countedPasswords(call, spent);
    const run = {
      hash: () => passwords.hash('a password'),
      verify: () => passwords.verify(undefined, 'a password'),
      assertStrong: () => passwords.assertStrong('quiet-otter-paints-seven-lanterns', []),
    }[work];
    await expect(run()).rejects.toThrow('planted.procedure');
    spent.counted.add(work === 'assertStrong' ? 'weakPasswordsByAddress' : 'passwordsByAddress');
    await expect(run()).rejects.toThrow('by its target');
    spent.counted.add(work === 'assertStrong' ? 'weakPasswordsByHolder' : 'passwordsByHolder');
    await expect(run()).resolves.not.toThrow();
  },
);
