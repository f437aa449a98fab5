import { writeSystemAudit } from '../../audit/owner/write-system.ts';
import type { Owner } from '../../connection/owner/connect.ts';

export interface Superuser {
  email: string;
  fullName: string;
}

/** @returns the operators of the platform, by address */
export async function listSuperusers(owner: Owner): Promise<Superuser[]> {
  return await owner<Superuser[]>`
    select email, full_name as "fullName" from public.users where is_superuser order by email`;
}

/**
 * Makes an account an operator of the platform, or undoes that, and writes it into the platform's log. It needs the owner,
 * since the roles of the server may not write the column.
 * @returns `unknown` if there is no such account, `unchanged` if nothing had to be changed
 */
export async function setSuperuser(
  owner: Owner,
  email: string,
  isSuperuser: boolean,
): Promise<'changed' | 'unchanged' | 'unknown'> {
  return await owner.begin(async (tx) => {
    const [user] = await tx<{ id: string; is_superuser: boolean }[]>`
      select id, is_superuser from public.users where email = ${email} for update`;
    if (!user) return 'unknown';
    if (user.is_superuser === isSuperuser) return 'unchanged';
    await tx`update public.users set is_superuser = ${isSuperuser}, updated_at = now() where id = ${user.id}`;
    await writeSystemAudit(tx, {
      tenantId: null,
      action: isSuperuser ? 'user.promote' : 'user.demote',
      entityType: 'user',
      entityId: user.id,
      outcome: 'success',
      changes: { isSuperuser: [!isSuperuser, isSuperuser] },
    });
    return 'changed';
  });
}
