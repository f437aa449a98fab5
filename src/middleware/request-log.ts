import type { MiddlewareHandler } from 'hono';
import { UNKNOWN_PROCEDURE, type Mount, type ServerMetrics } from '../../core/metrics/server.ts';
import type { Log } from '../../core/log/log.ts';
import { redact } from '../../core/log/redact.ts';
import { inSpan, SpanKind, traceIdOf } from '../../core/tracing/span.ts';
import { mintTraceId, parseTraceparent } from '../../core/tracing/traceparent.ts';
import type { CallRecord } from '../../routers/procedures/context.ts';
import { afterBody, isEvents, type StreamEnd } from './after-body.ts';
import { correctOutcome, type AppEnv } from './request.ts';
import { REST_PATH } from '../rest/mount.ts';
import { TRPC_PATH } from '../trpc/mount.ts';

/** Paths that probes and Prometheus request every few seconds. They are counted but not logged. */
const QUIET = new Set(['/livez', '/readyz', '/metrics']);
/** The longest path in the log, in characters. The path of a batch names all its procedures, and clients can send any path. */
const PATH_LENGTH = 300;

/**
 * Records each request as one log line, metrics and a span. For a stream, the log line is written when the stream ends. The
 * query string is never recorded, because mailed links have their token there.
 */
export function observe({ log, metrics }: { log: Log; metrics: ServerMetrics }): MiddlewareHandler<AppEnv> {
  return async function observeRequest(c, next) {
    const start = performance.now();
    const { method, path } = c.req;
    const mount = mountOf(path);
    const { raw } = c.req;
    const calls: CallRecord[] = [];
    c.set('calls', calls);

    const above = parseTraceparent(c.req.header('traceparent'));
    const attributes = { 'http.request.method': method, 'url.path': redact(path).slice(0, PATH_LENGTH) };
    const traceId = await inSpan(`${method} ${mount}`, { kind: SpanKind.SERVER, attributes, above }, async (span) => {
      await next();
      span.setAttribute('http.response.status_code', c.res.status);
      return traceIdOf(span);
    });

    function record(end: StreamEnd = 'whole'): void {
      const { status } = c.res;
      const disconnected = end === 'left' || (!streamed && raw.signal.aborted);
      // A client ends a subscription by disconnecting, so that is not a cut response.
      const cut = disconnected && !isEvents(c.res);
      if (cut) metrics.countCut({ mount });
      const [first] = calls;
      if (cut && streamed && first) correctOutcome({ calls }, first.procedure, 'cut');
      metrics.countRequest({ mount, status });
      for (const call of calls) metrics.countCall({ ...call, mount });
      const { refused } = c.var;
      if (refused && calls.length === 0 && mount !== 'other') {
        metrics.countCall({ procedure: UNKNOWN_PROCEDURE, mount, outcome: refused, milliseconds: 0 });
      }
      if (QUIET.has(path)) return;
      log.info(
        {
          method,
          path: path.slice(0, PATH_LENGTH),
          status,
          ms: rounded(performance.now() - start),
          outcome: refused ?? calls.find(({ outcome }) => outcome !== 'ok')?.outcome ?? outcomeOf(status, cut),
          ...callFields(calls),
          requestId: c.var.requestId,
          traceId: traceId ?? above?.traceId ?? mintTraceId(),
        },
        'request',
      );
    }

    let streamed = false;
    streamed = afterBody(c, (end) => {
      record(end);
      if (end === 'whole') watchForCut();
    });
    if (streamed) return;
    record();
    if (!QUIET.has(path)) watchForCut();

    /** Logs a response that is cut after its log line was written. Bun does not abort the signal once all bytes are sent. */
    function watchForCut(): void {
      raw.signal.addEventListener('abort', () => {
        metrics.countCut({ mount });
        log.warn(
          { method, path: path.slice(0, PATH_LENGTH), outcome: 'cut', requestId: c.var.requestId },
          'an answer was cut before its end',
        );
      });
    }
  };
}

function outcomeOf(status: number, cut: boolean): 'ok' | 'cut' | 'INTERNAL' {
  if (cut) return 'cut';
  return status < 500 ? 'ok' : 'INTERNAL';
}

/** Returns the log fields of the calls: the procedure of a single call, or a list. All calls have the same caller. */
function callFields(calls: readonly CallRecord[]): object {
  const [first] = calls;
  if (!first) return {};
  const { who } = calls.find((call) => call.who?.userId ?? call.who?.keyId) ?? first;
  if (calls.length === 1) return { procedure: first.procedure, ...who };
  const list = calls.map(({ procedure, outcome, milliseconds }) => ({ procedure, outcome, ms: rounded(milliseconds) }));
  return { ...who, calls: list };
}

function mountOf(path: string): Mount {
  if (path.startsWith(`${TRPC_PATH}/`)) return 'trpc';
  return path.startsWith(`${REST_PATH}/`) ? 'rest' : 'other';
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
