import { RESET_MS } from '../../core/mailed-token.ts';
import type { Owner } from '../../db/owner.ts';

// What each mail is written from, as it is now; `undefined` where the mail has lost its point.

interface SignUpRow {
  email: string;
  fullName: string;
  tenantName: string;
  tenantSlug: string;
  verificationId: string;
  hasAccount: boolean;
}

/** Whose row asked for the mail. */
interface Asker {
  tenantId: string | null;
}

export async function findSignUp(
  owner: Owner,
  { signUpId, tenantId }: Asker & { signUpId: string },
): Promise<SignUpRow | undefined> {
  const [row] = await owner<SignUpRow[]>`
    select s.email, s.full_name as "fullName", s.verification_id as "verificationId", t.name as "tenantName", t.slug as "tenantSlug",
      exists (select from public.users u where u.email = s.email) as "hasAccount"
    from public.sign_ups s join public.tenants t on t.id = s.tenant_id
    where s.id = ${signUpId} and s.tenant_id = ${tenantId} and s.verified_at is null and s.voided_at is null`;
  return row;
}

interface ResetRow {
  email: string;
  fullName: string;
}

/**
 * A reset is for an account or, since its link proves the address as well, for the newest sign-up. Its hour begins when the
 * mail is sent, however long that took.
 */
export async function beginReset(owner: Owner, requestId: string): Promise<ResetRow | undefined> {
  await owner`
    update public.mail_requests set expires_at = now() + make_interval(secs => ${RESET_MS / 1000})
    where id = ${requestId} and kind = 'reset-password' and used_at is null and expires_at > now()`;
  const [row] = await owner<(ResetRow & { disabled: boolean })[]>`
    select r.email, p.full_name as "fullName", p.disabled
    from public.mail_requests r cross join lateral (
      select u.full_name, u.disabled_at is not null as disabled, null::timestamptz as created_at, 1 as rank
      from public.users u where u.email = r.email
      union all
      select s.full_name, false, s.created_at, 2
      from public.sign_ups s where s.email = r.email and s.verified_at is null and s.voided_at is null
      order by rank, created_at desc limit 1) p
    where r.id = ${requestId} and r.kind = 'reset-password' and r.used_at is null and r.expires_at > now()`;
  return row && !row.disabled ? { email: row.email, fullName: row.fullName } : undefined;
}

interface InviteRow {
  email: string;
  role: string;
  tenantName: string;
  invitedBy: string | null;
}

export async function findInvite(
  owner: Owner,
  { inviteId, tenantId }: Asker & { inviteId: string },
): Promise<InviteRow | undefined> {
  const [row] = await owner<InviteRow[]>`
    select i.email, i.role, t.name as "tenantName", u.full_name as "invitedBy"
    from public.invites i join public.tenants t on t.id = i.tenant_id left join public.users u on u.id = i.invited_by
    where i.id = ${inviteId} and i.tenant_id = ${tenantId} and i.accepted_at is null and i.revoked_at is null and i.expires_at > now()
      and t.status <> 'deleted'`;
  return row;
}
