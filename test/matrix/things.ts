import { v7 as uuidv7 } from 'uuid';
import { mintMailedToken } from '../../core/auth/mailed-token.ts';
import { freshEmail, freshSlug } from '../support/people.ts';
import type { Stage } from './stage.ts';

// Things are inserted with SQL, so that each call has its own thing to change or delete.

interface Mailed {
  id: string;
  token: string;
}

export async function makeInvite(
  { sql, secretKeys }: Stage,
  { tenantId }: { tenantId: string },
  email = freshEmail('invited'),
): Promise<Mailed> {
  const id = uuidv7();
  await sql`
    insert into public.invites (id, tenant_id, email, role, expires_at)
    values (${id}, ${tenantId}, ${email}, 'member', now() + interval '1 hour')`;
  return { id, token: mintMailedToken(secretKeys, { kind: 'invite', id, email }) };
}

/** Inserts a sign-up that is not verified. */
export async function makeSignUp({ sql, secretKeys, open, passwordHash }: Stage): Promise<Mailed> {
  const id = uuidv7();
  const email = freshEmail('signed-up');
  await sql`
    insert into public.sign_ups
      (id, email, full_name, password_hash, tenant_id, verification_id, verification_expires_at)
    values (${id}, ${email}, 'Grace Hopper', ${passwordHash}, ${open.tenantId}, ${id}, now() + interval '1 hour')`;
  return { id, token: mintMailedToken(secretKeys, { kind: 'verify-email', id, email }) };
}

export async function makeReset({ sql, secretKeys }: Stage, email: string): Promise<Mailed> {
  const id = uuidv7();
  await sql`
    insert into public.mail_requests (id, kind, email, expires_at)
    values (${id}, 'reset-password', ${email}, now() + interval '1 hour')`;
  return { id, token: mintMailedToken(secretKeys, { kind: 'reset-password', id, email }) };
}

/** Inserts a tenant whose provisioning failed. @returns its slug */
export async function makeFailedTenant({ sql, litter }: Stage): Promise<string> {
  const id = uuidv7();
  const slug = freshSlug('failed');
  litter.tenants.push(id);
  await sql`
    insert into public.tenants (id, slug, name, status, schema_name, db_role)
    values (${id}, ${slug}, 'Failed', 'failed', ${`tenant_${slug.replaceAll('-', '_')}`}, ${`t_${id}`})`;
  return slug;
}

export function freshName(prefix: string): string {
  return `${prefix} ${crypto.randomUUID()}`;
}
