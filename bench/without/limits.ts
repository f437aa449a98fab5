import { RULE_NAMES } from '../../core/rate-limit/index.ts';
import type * as limits from '../../routers/procedures/limits.ts';

export const take: typeof limits.take = () => Promise.resolve();
export const byAddress: typeof limits.byAddress = () => ['callsByCaller', ''];
export const byCaller: typeof limits.byCaller = () => [];
export const byUser: typeof limits.byUser = () => ['callsByCaller', ''];
/** As if every limit had been taken. */
export const createSpent: typeof limits.createSpent = (procedure) => ({
  procedure,
  counted: new Set(RULE_NAMES),
  refundable: [],
});
export const spendUpfront: typeof limits.spendUpfront = () => Promise.resolve();
export const spend: typeof limits.spend = () => Promise.resolve();
export const giveBackSpent: typeof limits.giveBackSpent = () => Promise.resolve();
export const takeFailures: typeof limits.takeFailures = (_ctx, _counted, _failures, work) => work();
