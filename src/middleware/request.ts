import type { BlockList } from 'node:net';
import type { Context as HonoContext } from 'hono';
import { v7 as uuidv7 } from 'uuid';
import type { Reason } from '../../core/errors.ts';
import type { CallRecord, RequestFacts } from '../../routers/procedures/context.ts';
import { clientAddress } from './client-address.ts';

/** What Hono hands on from one middleware to the next. */
export interface AppEnv {
  Bindings: { socketAddress?: string | null };
  Variables: {
    requestId: string;
    /** Of its calls, those that have ended. */
    calls: CallRecord[];
    /** In place of `no-store`: what is the same for everyone. */
    cacheControl?: string;
    /** Why it was refused before it came to a call. */
    refused?: Reason;
  };
}

const REQUEST_ID = /^[\w.-]{8,64}$/;
const BEARER = /^Bearer +([\w.~+/=-]+)$/i;
/** Longer ones are cut before they are stored, in characters. */
const USER_AGENT_LENGTH = 300;

/** A caller's own id where it is harmless to log, or else a new one. */
export function requestIdOf(header: string | undefined): string {
  return header !== undefined && REQUEST_ID.test(header) ? header : uuidv7();
}

/** Says of a call that had begun to answer how it ended after all: a stream is told of at its end. */
export function endAs({ calls }: Pick<RequestFacts, 'calls'>, procedure: string, outcome: CallRecord['outcome']): void {
  const open = calls.find((call) => call.procedure === procedure && call.outcome === 'ok');
  if (open) open.outcome = outcome;
}

/**
 * The text of a header, of which Bun gives each byte as a character: UTF-8 where the bytes are that, and otherwise
 * ISO 8859-1, which headers were long in (RFC 9110, 5.5). So nothing of it is lost.
 */
function textOfHeader(value: string | undefined): string | null {
  if (value === undefined) return null;
  // In the usual case there is nothing to decode, nor to cut in the middle of a character.
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
