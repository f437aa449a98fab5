import type { MiddlewareHandler } from 'hono';
import { UNKNOWN_PROCEDURE, type Mount, type ServerMetrics } from '../../core/metrics/server.ts';
import type { Log } from '../../core/log/log.ts';
import { redact } from '../../core/log/redact.ts';
import { inSpan, SpanKind, traceIdOf } from '../../core/tracing/span.ts';
import { mintTraceId, parseTraceparent } from '../../core/tracing/traceparent.ts';
import type { CallRecord } from '../../routers/procedures/context.ts';
import { afterBody, isEvents, type StreamEnd } from './after-body.ts';
import { endAs, type AppEnv } from './request.ts';
import { REST_PATH } from '../rest/mount.ts';
import { TRPC_PATH } from '../trpc/mount.ts';

/** Paths that machines ask for, every second or so. */
const QUIET = new Set(['/livez', '/readyz', '/metrics']);
/** Of a path, in characters: a batch names all its procedures there, and a stranger anything. */
const PATH_LENGTH = 300;

/**
 * Tells of each request: one line in the log, what is counted, and a span. Where the answer is a stream the line comes
 * at its end. The path alone, never the query: a mailed link has its token there.
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

    function tell(end: StreamEnd = 'whole'): void {
      const { status } = c.res;
      const gone = end === 'left' || (!streamed && raw.signal.aborted);
      // Who subscribes ends a stream of events by going.
      const cut = gone && !isEvents(c.res);
      if (cut) metrics.countCut({ mount });
      const [first] = calls;
      if (cut && streamed && first) endAs({ calls }, first.procedure, 'cut');
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
          outcome: refused ?? calls.find(({ outcome }) => outcome !== 'ok')?.outcome ?? ended(status, cut),
          ...toldOf(calls),
          requestId: c.var.requestId,
          traceId: traceId ?? above?.traceId ?? mintTraceId(),
        },
        'request',
      );
    }

    let streamed = false;
    streamed = afterBody(c, (end) => {
      tell(end);
      if (end === 'whole') watchSending();
    });
    if (streamed) return;
    tell();
    if (!QUIET.has(path)) watchSending();

    /** The line is written by then. The signal is aborted only while there is something left to send. */
    function watchSending(): void {
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

function ended(status: number, cut: boolean): 'ok' | 'cut' | 'INTERNAL' {
  if (cut) return 'cut';
  return status < 500 ? 'ok' : 'INTERNAL';
}

/** One call stands in the line itself; several have a list. They share the bearer, and so the caller. */
function toldOf(calls: readonly CallRecord[]): object {
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
