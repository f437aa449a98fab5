import type { BlockList } from 'node:net';
import type { Context as HonoContext } from 'hono';
import { v7 as uuidv7 } from 'uuid';
import type { Reason } from '../../core/errors.ts';
import type { CallRecord, RequestFacts } from '../../routers/procedures/context.ts';
import { clientAddress } from './client-address.ts';

/** The variables that the middlewares share. */
export interface AppEnv {
  Bindings: { socketAddress?: string | null };
  Variables: {
    requestId: string;
    /** The calls of this request that have ended. */
    calls: CallRecord[];
    /** Replaces `no-store`, for responses that are the same for every caller. */
    cacheControl?: string;
    /** The reason why the request was refused before it reached a procedure. */
    refused?: Reason;
  };
}

const REQUEST_ID = /^[\w.-]{8,64}$/;
const BEARER = /^Bearer +([\w.~+/=-]+)$/i;
/** Longer user agents are cut to this length before they are stored, in characters. */
const USER_AGENT_LENGTH = 300;

/** Returns the client's request id if it is safe to log, otherwise a new UUIDv7. */
export function requestIdOf(header: string | undefined): string {
  return header !== undefined && REQUEST_ID.test(header) ? header : uuidv7();
}

/** Corrects the outcome of a call that was recorded as `ok`. A stream can fail after its call was recorded. */
export function correctOutcome(
  { calls }: Pick<RequestFacts, 'calls'>,
  procedure: string,
  outcome: CallRecord['outcome'],
): void {
  const open = calls.find((call) => call.procedure === procedure && call.outcome === 'ok');
  if (open) open.outcome = outcome;
}

/**
 * Decodes a header. Bun returns each byte as one character. The bytes are read as UTF-8 if they are well-formed, otherwise
 * as ISO 8859-1, the historical charset of headers (RFC 9110, 5.5). The text is cut to `USER_AGENT_LENGTH`.
 */
function textOfHeader(value: string | undefined): string | null {
  if (value === undefined) return null;
  // ASCII needs no decoding, and `slice` cannot cut it in the middle of a character.
  if (!/[\u0080-\uffff]/.test(value)) return value.slice(0, USER_AGENT_LENGTH);
  return Array.from(decoded(value)).slice(0, USER_AGENT_LENGTH).join('');
}

function decoded(bytes: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return bytes;
  }
}

export function factsOf(c: HonoContext<AppEnv>, trustedProxies: BlockList): RequestFacts {
  return {
    id: c.var.requestId,
    ipAddress: clientAddress(
      c.env?.socketAddress ?? null,
      { forwardedFor: c.req.header('x-forwarded-for'), forwarded: c.req.header('forwarded') },
      trustedProxies,
    ),
    userAgent: textOfHeader(c.req.header('user-agent')),
    tenantSlug: c.req.header('x-tenant-slug'),
    bearer: BEARER.exec(c.req.header('authorization') ?? '')?.[1],
    counts: [],
    calls: c.var.calls,
  };
}
