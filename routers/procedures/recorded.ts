import { inSpan, markFailed } from '../../core/tracing/span.ts';
import { countedPasswords } from './costs.ts';
import { reportOf } from './errors.ts';
import { createSpent } from './limits.ts';
import { createAuditEntry } from './audit-entry.ts';
import { baseProcedure } from './trpc.ts';

/**
 * Records the call in a span and, when it ends, for the server log and the metrics. It adds to the context: the draft of the
 * audit row, the list of limits that counted the call, and password functions that check these limits.
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
