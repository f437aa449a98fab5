import { inSpan, markFailed } from '../../core/tracing/span.ts';
import { countedPasswords } from './costs.ts';
import { reportOf } from './errors.ts';
import { createSpent } from './limits.ts';
import { createAuditEntry } from './audit-entry.ts';
import { baseProcedure } from './trpc.ts';

/**
 * Tells of the call, once it has ended, to the log and the metrics; and gives it a auditEntry, for the audit log, a list for
 * what it spends, and passwords that cost nothing uncounted.
 */
export const recorded = baseProcedure.use(({ ctx, next, path, type, meta }) => {
  const { audit } = meta ?? {};
  if (!audit) throw new Error(`${path} has no name for the audit log: give it meta.audit`);
  return inSpan(path, { attributes: { 'rpc.method': path, 'rpc.type': type } }, async (span) => {
    const start = performance.now();
    const auditEntry = createAuditEntry(ctx.request, audit);
    const spent = createSpent(path);
    const result = await next({ ctx: { auditEntry, spent, passwords: countedPasswords(ctx, spent) } });
    const { caller } = auditEntry;
    if (!result.ok) markFailed(span, result.error);
    if (span.isRecording()) {
      span.setAttributes(Object.fromEntries(Object.entries(caller).map(([key, id]) => [`atrium.${key}`, id])));
    }
    ctx.request.calls.push({
      procedure: path,
      outcome: result.ok ? 'ok' : reportOf(result.error).reason,
      milliseconds: performance.now() - start,
      who: caller,
    });
    return result;
  });
});
