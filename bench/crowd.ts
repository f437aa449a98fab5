import { randomBytes } from 'node:crypto';
import postgres from 'postgres';

/** Addresses that mean something to the server. All have the founder's password. */
export interface Crowd {
  /** They have an account. */
  accounts: string[];
  /** They have signed up, and not followed the link. */
  pending: string[];
}

/** Addresses that nobody has. */
export function strangers(count: number): string[] {
  const mark = randomBytes(5).toString('hex');
  return Array.from({ length: count }, (_, index) => `ada-${mark}-${index}@example.com`);
}

/**
 * Makes people after the sign-up of a founder, without the minute of hashing that signing up would take.
 * @param count how many of each kind
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
