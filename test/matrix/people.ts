import { v7 as uuidv7 } from 'uuid';
import { hashApiKey, mintApiKey } from '../../core/auth/api-key.ts';
import { hashRefreshToken, mintRefreshToken } from '../../core/auth/refresh-token.ts';
import { freshEmail } from '../support/people.ts';
import type { Stage } from './stage.ts';

// Callers are inserted with SQL. That needs no Argon2 run, so each cell can have people of its own.

type Role = 'admin' | 'member';

export interface Person {
  userId: string;
  email: string;
  /** The id of their session. */
  sessionId: string;
}

export interface PersonWish {
  /** The tenant in which they are a member, if any. */
  tenantId?: string;
  role?: Role;
  isSuperuser?: boolean;
  disabled?: boolean;
  /** Whether their session is revoked. */
  revoked?: boolean;
}

/** Inserts a person with the password `PASSWORD` and a session. */
export async function makePerson({ sql, passwordHash, litter }: Stage, wish: PersonWish = {}): Promise<Person> {
  const { tenantId = null, role = 'member', isSuperuser = false, disabled = false, revoked = false } = wish;
  const [userId, sessionId] = [uuidv7(), uuidv7()];
  const email = freshEmail('grace');
  litter.users.push(userId);
  // One statement, because there are some thousand people.
  await sql`
    with person as (
      insert into public.users (id, email, full_name, password_hash, is_superuser, disabled_at)
      values (${userId}, ${email}, 'Grace Hopper', ${passwordHash}, ${isSuperuser}, ${disabled ? new Date() : null})
    ), membership as (
      insert into public.user_tenant_membership (user_id, tenant_id, role)
      select ${userId}, id, ${role} from public.tenants where id = ${tenantId}
    )
    insert into public.sessions (id, user_id, expires_at, revoked_at)
    values (${sessionId}, ${userId}, now() + interval '1 hour', ${revoked ? new Date() : null})`;
  return { userId, email, sessionId };
}

/** Inserts another session. @returns its id */
export async function makeSession({ sql }: Stage, userId: string): Promise<string> {
  const id = uuidv7();
  await sql`
    insert into public.sessions (id, user_id, expires_at) values (${id}, ${userId}, now() + interval '1 hour')`;
  return id;
}

export async function makeRefreshToken({ sql }: Stage, sessionId: string, tenantId: string): Promise<string> {
  const token = mintRefreshToken();
  await sql`
    insert into public.refresh_tokens (id, session_id, tenant_id, token_hash, expires_at)
    values (${uuidv7()}, ${sessionId}, ${tenantId}, ${hashRefreshToken(token)}, now() + interval '1 hour')`;
  return token;
}

export async function makeKey(
  { sql }: Stage,
  wish: { tenantId: string; role: Role; over?: 'revoked' | 'expired' },
): Promise<{ id: string; key: string }> {
  const id = uuidv7();
  const { key, prefix } = mintApiKey();
  const { tenantId, role, over } = wish;
  const expiry = over === 'expired' ? '-1 second' : '1 hour';
  await sql`
    insert into public.api_keys (id, tenant_id, name, role, prefix, key_hash, expires_at, revoked_at)
    values (${id}, ${tenantId}, 'CI', ${role}, ${prefix}, ${hashApiKey(key)}, now() + ${expiry}::interval,
      ${over === 'revoked' ? new Date() : null})`;
  return { id, key };
}

/** Inserts an operator with an assumed identity. */
export async function makeIdentity(
  { sql }: Stage,
  wish: { operator: Person; userId: string; tenantId: string; mode: 'read' | 'write'; ended?: boolean },
): Promise<string> {
  const id = uuidv7();
  const { operator, userId, tenantId, mode, ended = false } = wish;
  await sql`
    insert into public.assumed_identities
      (id, tenant_id, user_id, operator_id, operator_session_id, reason, mode, expires_at, ended_at)
    values (${id}, ${tenantId}, ${userId}, ${operator.userId}, ${operator.sessionId}, 'To see what they may do', ${mode},
      now() + interval '15 minutes', ${ended ? new Date() : null})`;
  return id;
}
