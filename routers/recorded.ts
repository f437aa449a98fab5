import { inSpan, markFailed } from '../core/tracing/span.ts';
import { reportOf } from './errors.ts';
import type { Spent } from './limits.ts';
import { createTrail } from './trail.ts';
import { baseProcedure } from './trpc.ts';

/**
 * Tells of the call, once it has ended, to the log and the metrics; and gives it a trail, for the audit log, and a list for
 * what it spends.
 */
export const recorded = baseProcedure.use(({ ctx, next, path, type, meta }) => {
  const { audit } = meta ?? {};
  if (!audit) throw new Error(`${path} has no name for the audit log: give it meta.audit`);
  return inSpan(path, { attributes: { 'rpc.method': path, 'rpc.type': type } }, async (span) => {
    const start = performance.now();
    const trail = createTrail(ctx.request, audit);
    const spent: Spent = [];
    const result = await next({ ctx: { trail, spent } });
    const { caller } = trail;
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
