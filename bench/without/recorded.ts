import { createTrail } from '../../routers/trail.ts';
import { baseProcedure } from '../../routers/trpc.ts';

/** The trail and the list alone, which the procedures need. */
export const recorded = baseProcedure.use(({ ctx, next, meta }) => {
  if (!meta?.audit) throw new Error('No name for the audit log');
  return next({ ctx: { trail: createTrail(ctx.request, meta.audit), spent: [] } });
});
