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
  /** The parent span, if it comes from another process; the current span by default. */
  above?: TraceContext | undefined;
}

/**
 * Runs `work` in a span. An unexpected error marks the span as failed, and a refusal does not. Only the type of an error is
 * recorded, since its message may quote values of a caller.
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

/** Records a refusal or an error in a span. */
export function markFailed(span: Span, error: unknown): void {
  const refusal = refusalIn(error);
  if (refusal !== undefined) {
    span.setAttribute('atrium.outcome', refusal);
    return;
  }
  span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** The reason of a refusal in the chain of causes. tRPC's own errors of bad input count as `VALIDATION_FAILED`. */
function refusalIn(error: unknown): Reason | undefined {
  const ours = findCause(error, (cause) => cause instanceof AppError);
  if (ours) return ours.reason === 'INTERNAL' ? undefined : ours.reason;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'BAD_REQUEST' || code === 'PARSE_ERROR' ? 'VALIDATION_FAILED' : undefined;
}

/** @returns the id of the trace of a span; `undefined` if tracing is off */
export function traceIdOf(span: Span): string | undefined {
  const spanContext = span.spanContext();
  return isSpanContextValid(spanContext) ? spanContext.traceId : undefined;
}

/** @returns the current span as a `traceparent`, for another process; `undefined` if there is no span or tracing is off */
export function currentTraceparent(): string | undefined {
  const spanContext = trace.getActiveSpan()?.spanContext();
  return spanContext && isSpanContextValid(spanContext) ? formatTraceparent(spanContext) : undefined;
}
