import { expect, test } from 'vitest';
import { AppError, STATUS_OF_REASON, type Reason } from '../../core/errors.ts';
import {
  createMemoryCounter,
  createRateLimits,
  RULES,
  type CallOutcome,
  type RuleName,
} from '../../core/rate-limit/index.ts';
import type { RequestFacts } from '../../routers/procedures/context.ts';
import { createSpent, refund, take } from '../../routers/procedures/limits.ts';
import { createStreams, openStream } from '../../routers/procedures/streams.ts';

const OUTCOMES: readonly CallOutcome[] = [
  'ok',
  ...Object.keys(STATUS_OF_REASON).filter((reason): reason is Reason => reason in STATUS_OF_REASON),
];

/** A call of a procedure, with a counter of its own. */
function callOf(procedure: string) {
  const request: RequestFacts = {
    ...{ id: 'r', ipAddress: '192.0.2.1', userAgent: null, tenantSlug: undefined, bearer: undefined },
    counts: [],
    calls: [],
  };
  const rateLimits = createRateLimits({ counter: createMemoryCounter({ now: () => 0, maxKeys: 10 }), factor: 1 });
  return { rateLimits, request, spent: createSpent(procedure) };
}

const INPUT = ['VALIDATION_FAILED', 'PASSWORD_TOO_WEAK'] as const;
const BUSY = ['TENANT_NOT_READY', 'TENANT_MIGRATING', 'OVERLOADED', 'SHUTTING_DOWN'] as const;
const allBut = (...kept: CallOutcome[]) => OUTCOMES.filter((outcome) => !kept.includes(outcome));

test.each<[rule: RuleName, procedure: string, outcomes: readonly CallOutcome[]]>([
  ['registersByAddress', 'auth.register', [...INPUT, ...BUSY]],
  ['mailsByRecipient', 'invites.create', [...INPUT, ...BUSY]],
  ['passwordsByHolder', 'auth.resetPassword', INPUT],
  ['loginsByAddress', 'auth.login', INPUT],
  ['loginsByAccountAndAddress', 'auth.login', []],
  ['refreshesBySession', 'auth.refresh', []],
  ['callsByCaller', 'auth.login', []],
  ['tenantsByUser', 'tenants.create', allBut('ok')],
  ['weakPasswordsByHolder', 'invites.accept', allBut('PASSWORD_TOO_WEAK')],
  ['loginFailuresByAccount', 'auth.login', allBut('INVALID_CREDENTIALS', 'EMAIL_NOT_VERIFIED')],
  ['verifyFailuresByToken', 'auth.verifyEmail', allBut('INVALID_CREDENTIALS')],
  ['acceptFailuresByAddress', 'invites.accept', allBut('TOKEN_INVALID', 'FORBIDDEN')],
])(
  'a call counted under %s by %s gets its token back exactly on the outcomes of the table',
  async (rule, path, refunded) => {
    for (const outcome of OUTCOMES) {
      const call = callOf(path);
      await take(call, [rule, 'key']);
      await refund(call, outcome);
      const { tokens } = RULES[rule].limit;
      await take(call, ...Array.from({ length: tokens - 1 }, () => [rule, 'key'] as const));
      const last = take(call, [rule, 'key']).then(() => 'ok', reasonOf);
      expect([outcome, await last]).toEqual([outcome, refunded.includes(outcome) ? 'ok' : 'RATE_LIMITED']);
    }
  },
);

test('a refunded token is counted once in the headers', async () => {
  const call = callOf('tenants.create');
  await take(call, ['tenantsByUser', 'user 1']);
  expect(call.request.counts).toMatchObject([{ limit: 5, remaining: 4 }]);
  await refund(call, 'SLUG_TAKEN');
  await refund(call, 'SLUG_TAKEN');
  expect(call.request.counts).toMatchObject([{ limit: 5, remaining: 5 }]);
});

test('a call cannot be counted under a rule that does not name its procedure', async () => {
  await expect(take(callOf('planted.procedure'), ['loginsByAddress', 'key'])).rejects.toThrow(
    'loginsByAddress does not name planted.procedure',
  );
});

test('a procedure that the limit of streams does not name cannot open one', () => {
  const streams = createStreams();
  expect(() => openStream({ streams, spent: createSpent('planted.procedure') }, 'user')).toThrow(
    'streamsByCaller does not name planted.procedure',
  );
  expect(streams.total).toBe(0);
});

function reasonOf(error: unknown): Reason | undefined {
  return error instanceof AppError ? error.reason : undefined;
}
