import { RULE_NAMES, rulesOf } from '../../core/rate-limit/index.ts';
import type * as limits from '../../routers/procedures/limits.ts';

export const take: typeof limits.take = () => Promise.resolve();
export const byAddress: typeof limits.byAddress = () => ['callsByCaller', ''];
export const byCaller: typeof limits.byCaller = () => [];
export const byUser: typeof limits.byUser = () => ['callsByCaller', ''];
/** Marks every limit as counted. */
export const createSpent: typeof limits.createSpent = (procedure) => ({
  procedure,
  rules: rulesOf(procedure),
  counted: new Set(RULE_NAMES),
  refundable: [],
});
export const takeUpfront: typeof limits.takeUpfront = () => Promise.resolve();
export const refund: typeof limits.refund = () => Promise.resolve();
