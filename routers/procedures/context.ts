import type { AccessTokens } from '../../core/auth/access-token.ts';
import type { Reason } from '../../core/errors.ts';
import type { SecretKeys } from '../../core/secret-keys.ts';
import type { Log } from '../../core/log/log.ts';
import type { Passwords } from '../../core/auth/passwords.ts';
import type { Count, RateLimits } from '../../core/rate-limit/index.ts';
import type { Pool } from '../../db/connection/pool.ts';
import type { Streams } from './streams.ts';

/** The services that the procedures use. The server creates them once at its start. */
export interface Services {
  pool: Pool;
  accessTokens: AccessTokens;
  passwords: Passwords;
  secretKeys: SecretKeys;
  rateLimits: RateLimits;
  streams: Streams;
  /** Aborted when the server shuts down. Streams then end, and their clients connect to another server. */
  ending: AbortSignal;
  log: Log;
}

/** The facts about a request before authentication. Nothing here is verified. */
export interface RequestFacts {
  id: string;
  ipAddress: string | null;
  userAgent: string | null;
  /** The `X-Tenant-Slug` header, unchanged. */
  tenantSlug: string | undefined;
  /** The text after `Bearer ` in the `Authorization` header. */
  bearer: string | undefined;
  /** The rate limits that counted its calls, for the response headers. */
  counts: Count[];
  /** The calls of the request, each added when it ends, for the server log and the metrics. */
  calls: CallRecord[];
}

/** One call, for the server log and the metrics. `who` has only what a signature or the database has proven. */
export interface CallRecord {
  /** The path of a procedure, or `UNKNOWN_PROCEDURE`. */
  procedure: string;
  /** `cut`: the client disconnected or stopped reading before it had the whole response. */
  outcome: 'ok' | 'cut' | Reason;
  milliseconds: number;
  who?: CallerRecord;
}

export interface CallerRecord {
  tenantId?: string;
  userId?: string;
  /** The superuser behind an assumed identity. */
  operatorId?: string;
  keyId?: string;
}

export interface Context extends Services {
  request: RequestFacts;
}
