import type { Slug } from '../../core/tenancy/slug-format.ts';
import type { Mode, Role, TenantStatus } from '../tables/lobby.ts';

/** The facts in a signed token. */
interface TokenFacts {
  userId: string;
  tenantId: string | undefined;
  /** When the token expires, which is checked at each entering. The expiry of an API key is in the database. */
  expiresAt: Date;
}

/** The caller by the bearer token. Whether the session, identity or key is still live is checked in the database. */
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

/** An operator who acts as a member for a limited time. */
export interface AssumedIdentity {
  id: string;
  operator: Pick<User, 'id' | 'email' | 'fullName'>;
  mode: Mode;
  reason: string;
  expiresAt: Date;
}

/** A user with a live session. */
export interface Person {
  type: 'user';
  user: User;
  isSuperuser: boolean;
  /** The session of the caller; under an assumed identity, the operator's session. */
  sessionId: string;
  assumed: AssumedIdentity | null;
}

/** A program of a tenant, with a live API key. */
export interface KeyHolder {
  type: 'apiKey';
  id: string;
  tenantId: string;
}

export type Actor = Person | KeyHolder;

/** The caller in a row of the statements in db/entering/statements.ts. All columns are null if no live caller was found. */
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
  /** Whether the caller was last seen more than a minute ago. */
  stale: boolean;
}

/** The caller and the tenant in a row of these statements. */
export interface TenantRow extends CallerRow {
  tenant_id: string | null;
  slug: Slug;
  name: string;
  status: TenantStatus;
  role: Role | null;
  entered: boolean;
}

/** @returns the caller in a row; `undefined` if the session, key or assumed identity is not live */
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
