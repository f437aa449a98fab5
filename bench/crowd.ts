import { randomBytes } from 'node:crypto';
import postgres from 'postgres';

/** Addresses that the server knows. All have the founder's password. */
export interface Crowd {
  /** Addresses with an account. */
  accounts: string[];
  /** Addresses that signed up and are not verified. */
  pending: string[];
}

/** @returns addresses that the server does not know */
export function strangers(count: number): string[] {
  const mark = randomBytes(5).toString('hex');
  return Array.from({ length: count }, (_, index) => `ada-${mark}-${index}@example.com`);
}

/**
 * Inserts people as copies of a founder's sign-up. Signing them up would take a minute of password hashing.
 * @param count the number of addresses of each kind
 */
export async function gather(options: { ownerUrl: string; slug: string; count: number }): Promise<Crowd> {
  const { ownerUrl, slug, count } = options;
  const crowd = { accounts: strangers(count), pending: strangers(count) };
  const sql = postgres(ownerUrl, { max: 1, fetch_types: false });
  try {
    const founder = sql`public.sign_ups s join public.tenants t on t.id = s.tenant_id and t.slug = ${slug}`;
    await sql`
      insert into public.users (id, email, full_name, password_hash)
      select gen_random_uuid(), e.email, s.full_name, s.password_hash
      from ${founder}, jsonb_array_elements_text(${sql.json(crowd.accounts)}) e (email)`;
    await sql`
      insert into public.sign_ups
        (id, email, full_name, password_hash, tenant_id, verification_id, verification_expires_at)
      select gen_random_uuid(), e.email, s.full_name, s.password_hash, s.tenant_id, gen_random_uuid(), now() + interval '1 day'
      from ${founder}, jsonb_array_elements_text(${sql.json(crowd.pending)}) e (email)`;
    await sql`analyze public.users, public.sign_ups`;
  } finally {
    await sql.end();
  }
  return crowd;
}
