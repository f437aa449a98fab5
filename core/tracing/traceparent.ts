import { randomBytes } from 'node:crypto';

/** The content of a `traceparent` header (W3C Trace Context, level 1). */
export interface TraceContext {
  /** 32 hex digits. */
  traceId: string;
  /** The id of the parent span, 16 hex digits. */
  spanId: string;
  /** Bit 0: the caller keeps the trace. */
  traceFlags: number;
}

const HEADER = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const LONGEST = 256;

/** Parses a header. @returns `undefined` if it is malformed, since the specification tells servers to ignore it then */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  if (header === undefined || header.length > LONGEST) return undefined;
  const [, version = 'ff', traceId = '', spanId = '', flags = '', more] = HEADER.exec(header) ?? [];
  if (version === 'ff' || /^0*$/.test(traceId) || /^0*$/.test(spanId)) return undefined;
  // Only versions after 00 may have more fields.
  if (version === '00' && more !== undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1 };
}

export function formatTraceparent({ traceId, spanId, traceFlags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 1).toString().padStart(2, '0')}`;
}

/** Makes a trace id for a request without a trace. */
export function mintTraceId(): string {
  return randomBytes(16).toString('hex');
}
