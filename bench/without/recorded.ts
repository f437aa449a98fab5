import { countedPasswords } from '../../routers/costs.ts';
import { createSpent } from '../../routers/limits.ts';
import { createTrail } from '../../routers/trail.ts';
import { baseProcedure } from '../../routers/trpc.ts';

/** What the procedures need, and no more. */
export const recorded = baseProcedure.use(({ ctx, next, meta, path }) => {
  if (!meta?.audit) throw new Error('No name for the audit log');
  const spent = createSpent(path);
  return next({ ctx: { trail: createTrail(ctx.request, meta.audit), spent, passwords: countedPasswords(ctx, spent) } });
});
