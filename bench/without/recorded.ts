import { countedPasswords } from '../../routers/procedures/costs.ts';
import { createSpent } from '../../routers/procedures/limits.ts';
import { createAuditEntry } from '../../routers/procedures/audit-entry.ts';
import { baseProcedure } from '../../routers/procedures/trpc.ts';

/** Adds only what the procedures need to the context. */
export const recorded = baseProcedure.use(({ ctx, next, meta, path }) => {
  if (!meta?.audit) throw new Error('No name for the audit log');
  const spent = createSpent(path);
  return next({
    ctx: { auditEntry: createAuditEntry(ctx.request, meta.audit), spent, passwords: countedPasswords(ctx, spent) },
  });
});
