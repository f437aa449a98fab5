import type { Slug } from '../../core/tenancy/slug-format.ts';
import type { Mode, Role, TenantStatus } from '../tables/lobby.ts';

/** What a signed token says, whoever holds it. */
interface TokenFacts {
  userId: string;
  tenantId: string | undefined;
  /** When the token expires: it is looked at with each entering. The database knows when a key does. */
  expiresAt: Date;
}

/** Who calls, as far as the bearer says. What it names may be over: the database knows. */
export type Caller =
  | ({ kind: 'session'; sessionId: string } & TokenFacts)
  | ({ kind: 'assumedIdentity'; id: string; operatorId: string } & TokenFacts)
  | { kind: 'apiKey'; keyHash: Uint8Array };

export type CallerKind = Caller['kind'];

export interface User {
  id: string;
  email: string;
  fullName: string;
  createdAt: Date;
}

/** An operator acting as a member, for a while. */
export interface AssumedIdentity {
  id: string;
  operator: Pick<User, 'id' | 'email' | 'fullName'>;
  mode: Mode;
  reason: string;
  expiresAt: Date;
}

/** Someone with a live session. */
export interface Person {
  type: 'user';
  user: User;
  isSuperuser: boolean;
  /** The session that all hangs on; under an assumed identity the operator's. */
  sessionId: string;
  assumed: AssumedIdentity | null;
}

/** A program of a tenant's, with a live key. */
export interface KeyHolder {
  type: 'apiKey';
  id: string;
  tenantId: string;
}

export type Actor = Person | KeyHolder;

/** What the statements of db/entering/statements.ts tell of the caller. All is null where nobody live was found. */
export interface CallerRow {
  user_id: string | null;
  email: string;
  full_name: string;
  user_created_at: string;
  is_superuser: boolean;
  session_id: string;
  assumed_id: string | null;
  operator_id: string;
  operator_email: string;
  operator_name: string;
  mode: Mode;
  reason: string;
  assumed_until: string;
  key_id: string | null;
  key_tenant_id: string;
  /** When it was last seen is more than a minute old. */
  stale: boolean;
}

/** What they tell of the tenant. */
export interface TenantRow extends CallerRow {
  tenant_id: string | null;
  slug: Slug;
  name: string;
  status: TenantStatus;
  role: Role | null;
  entered: boolean;
}

/** Who was found; `undefined` if nobody whose session, key or assumed identity is live. */
export function actorIn(row: CallerRow | undefined): Actor | undefined {
  if (!row) return undefined;
  if (row.key_id !== null) return { type: 'apiKey', id: row.key_id, tenantId: row.key_tenant_id };
  if (row.user_id === null) return undefined;
  return {
    type: 'user',
    user: {
      id: row.user_id,
      email: row.email,
      fullName: row.full_name,
      createdAt: new Date(row.user_created_at),
    },
    isSuperuser: row.is_superuser,
    sessionId: row.session_id,
    assumed:
      row.assumed_id === null
        ? null
        : {
            id: row.assumed_id,
            operator: { id: row.operator_id, email: row.operator_email, fullName: row.operator_name },
            mode: row.mode,
            reason: row.reason,
            expiresAt: new Date(row.assumed_until),
          },
  };
}
