import {
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
} from '@opentelemetry/api';
import { AppError, findCause, type Reason } from '../errors.ts';
import { formatTraceparent, type TraceContext } from './traceparent.ts';

export { SpanKind, type Span };

/** Does nothing until {@link startTracing} has been called. */
const tracer = trace.getTracer('atrium');

interface SpanOptions {
  kind?: SpanKind;
  attributes?: Attributes;
  /** What stands above, if it came from elsewhere; otherwise the span under way. */
  above?: TraceContext | undefined;
}

/**
 * Does `work` in a span. A refusal is an answer; what nobody foresaw marks the span as failed, by its type alone: an
 * error's words may quote a caller's values.
 */
export function inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  const { above, ...about } = options;
  const parent = above ? trace.setSpanContext(ROOT_CONTEXT, { ...above, isRemote: true }) : context.active();
  return tracer.startActiveSpan(name, about, parent, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      markFailed(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Says in a span what went wrong in it. */
export function markFailed(span: Span, error: unknown): void {
  const refusal = refusalIn(error);
  if (refusal !== undefined) {
    span.setAttribute('atrium.outcome', refusal);
    return;
  }
  span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** The reason of a refusal, which an error may have deep in it. What tRPC does not take as input has none of ours. */
function refusalIn(error: unknown): Reason | undefined {
  const ours = findCause(error, (cause) => cause instanceof AppError);
  if (ours) return ours.reason === 'INTERNAL' ? undefined : ours.reason;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'BAD_REQUEST' || code === 'PARSE_ERROR' ? 'VALIDATION_FAILED' : undefined;
}

/** The trace that a span belongs to; `undefined` where nothing is traced. */
export function traceIdOf(span: Span): string | undefined {
  const spanContext = span.spanContext();
  return isSpanContextValid(spanContext) ? spanContext.traceId : undefined;
}

/** The span under way as a `traceparent`, to be continued elsewhere; `undefined` where nothing is traced. */
export function currentTraceparent(): string | undefined {
  const spanContext = trace.getActiveSpan()?.spanContext();
  return spanContext && isSpanContextValid(spanContext) ? formatTraceparent(spanContext) : undefined;
}
