import type { AccessTokens } from '../../core/auth/access-token.ts';
import type { Reason } from '../../core/errors.ts';
import type { SecretKeys } from '../../core/secret-keys.ts';
import type { Log } from '../../core/log/log.ts';
import type { Passwords } from '../../core/auth/passwords.ts';
import type { Count, RateLimits } from '../../core/rate-limit/index.ts';
import type { Pool } from '../../db/connection/pool.ts';
import type { Streams } from './streams.ts';

/** What the procedures work with, made once at the server's entry. */
export interface Services {
  pool: Pool;
  accessTokens: AccessTokens;
  passwords: Passwords;
  secretKeys: SecretKeys;
  rateLimits: RateLimits;
  streams: Streams;
  /** Aborted when the server goes: streams end then, and their clients connect to another. */
  ending: AbortSignal;
  log: Log;
}

/** What is known of a request before anything is believed of it. */
export interface RequestFacts {
  id: string;
  ipAddress: string | null;
  userAgent: string | null;
  /** The `X-Tenant-Slug` header, as it came. */
  tenantSlug: string | undefined;
  /** What stands behind `Bearer ` in the `Authorization` header. */
  bearer: string | undefined;
  /** The limits that its calls were counted under, for the headers of the answer. */
  counts: Count[];
  /** The calls that it made, each added when it has ended, for the log and the metrics. */
  calls: CallRecord[];
}

/** What is told of one call. Who made it is told as far as a signature or the database has shown. */
export interface CallRecord {
  /** One of the router's, or a word for all that there are not. */
  procedure: string;
  /** `cut`: the client went, or took nothing any more, before it had the whole answer. */
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
