import { v7 as uuidv7 } from 'uuid';
import { createPasswords } from '../../../core/auth/passwords.ts';
import { connectOwner } from '../../connection/owner/connect.ts';

/**
 * Creates the operator of a development stack. An existing account with this address stays as it is.
 * @param ownerUrl `DATABASE_OWNER_URL`, since the roles of the server may not write `is_superuser`
 */
export async function seedSuperuser(ownerUrl: string, account: { email: string; password: string }): Promise<void> {
  const owner = connectOwner(ownerUrl, { max: 1, name: 'atrium seed' });
  try {
    const passwordHash = await createPasswords().hash(account.password);
    await owner`
      insert into public.users (id, email, full_name, password_hash, is_superuser)
      values (${uuidv7()}, ${account.email}, 'Platform operator', ${passwordHash}, true)
      on conflict (email) do nothing`;
  } finally {
    await owner.end();
  }
}
