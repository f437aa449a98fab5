import type * as limits from '../../routers/limits.ts';

export const take: typeof limits.take = () => Promise.resolve();
export const byAddress: typeof limits.byAddress = () => ['callsByCaller', ''];
export const byCaller: typeof limits.byCaller = () => [];
export const spend: typeof limits.spend = () => Promise.resolve();
export const giveBackSpent: typeof limits.giveBackSpent = () => Promise.resolve();
export const takeFailures: typeof limits.takeFailures = (_ctx, _counted, _failures, work) => work();
