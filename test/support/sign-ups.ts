import { connect } from './database.ts';
import { freshEmail, freshSlug, PASSWORD } from './people.ts';

/** The input of `auth.register`. */
export interface SignUp {
  email: string;
  password: string;
  fullName: string;
  tenantName: string;
  tenantSlug: string;
}

/** @returns a valid input with a new address and slug */
export function freshSignUp(): SignUp {
  return {
    email: freshEmail(),
    password: PASSWORD,
    fullName: 'Ada Lovelace',
    tenantName: 'Acme',
    tenantSlug: freshSlug(),
  };
}

/** @returns how many rows of the lobby contain the address or the slug */
export async function storedOf(place: { databaseOwnerUrl: string }, { email, tenantSlug }: SignUp): Promise<number> {
  await using owner = connect(place.databaseOwnerUrl);
  const [row] = await owner.sql<{ rows: number }[]>`
    select (select count(*) from public.sign_ups where email = ${email})::int
      + (select count(*) from public.users where email = ${email})::int
      + (select count(*) from public.tenants where slug = ${tenantSlug})::int as rows`;
  if (!row) throw new Error('No counts');
  return row.rows;
}
