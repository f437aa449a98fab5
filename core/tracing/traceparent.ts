import { randomBytes } from 'node:crypto';

/** Where a trace stands: what a `traceparent` header says (W3C Trace Context, level 1). */
export interface TraceContext {
  /** 32 hex digits. */
  traceId: string;
  /** Of the span above, 16 hex digits. */
  spanId: string;
  /** Bit 0: the caller keeps the trace. */
  traceFlags: number;
}

const HEADER = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const LONGEST = 256;

/** Reads a header; one that is not well-formed counts as none, as the specification has it. */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  if (header === undefined || header.length > LONGEST) return undefined;
  const [, version = 'ff', traceId = '', spanId = '', flags = '', more] = HEADER.exec(header) ?? [];
  if (version === 'ff' || /^0*$/.test(traceId) || /^0*$/.test(spanId)) return undefined;
  // Later versions may say more; the first one may not.
  if (version === '00' && more !== undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1 };
}

export function formatTraceparent({ traceId, spanId, traceFlags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 1).toString().padStart(2, '0')}`;
}

/** For a request that came without a trace. */
export function mintTraceId(): string {
  return randomBytes(16).toString('hex');
}
