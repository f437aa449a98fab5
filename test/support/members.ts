import { v7 as uuidv7 } from 'uuid';
import { connect } from './database.ts';
import { freshEmail, logIn, type Founder } from './people.ts';

/**
 * Adds another person to a founder's tenant and logs them in to it. The founder's password hash is copied, which saves an
 * Argon2 run.
 * @param ownerUrl `databaseOwnerUrl`
 */
export async function addMember(
  place: { url: string; databaseOwnerUrl: string },
  founder: Founder,
  role: 'admin' | 'member' = 'member',
) {
  await using owner = connect(place.databaseOwnerUrl);
  const userId = uuidv7();
  const email = freshEmail('grace');
  await owner.sql`
    insert into public.users (id, email, full_name, password_hash)
    select ${userId}, ${email}, 'Grace Hopper', password_hash from public.users where id = ${founder.userId}`;
  await owner.sql`
    insert into public.user_tenant_membership (user_id, tenant_id, role) values (${userId}, ${founder.tenantId}, ${role})`;
  const entered = await logIn(place, { email, slug: founder.slug });
  return { ...entered, userId, email };
}
