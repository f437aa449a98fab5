import { RESET_MS } from '../../../core/auth/mailed-token.ts';
import type { ResetSubject } from '../../../core/identity/reset-mail.ts';
import { SIGN_UP_DAYS, type SignUpFacts } from '../../../core/identity/sign-up.ts';
import type { Owner } from '../../connection/owner/connect.ts';

// The current data of each mail. `undefined` means that the mail is not needed any more.

/** For how many days a reset mail is retried: as long as sign-ups and invites are valid. */
const TRIED_DAYS = 7;

interface SignUpRow extends SignUpFacts {
  email: string;
  verificationId: string;
  hasAccount: boolean;
}

/** The tenant of the outbox row. */
interface Asker {
  tenantId: string | null;
}

export async function findSignUp(
  owner: Owner,
  { signUpId, tenantId }: Asker & { signUpId: string },
): Promise<SignUpRow | undefined> {
  const [row] = await owner<SignUpRow[]>`
    select s.email, s.verification_id as "verificationId", t.name as "tenantName", t.slug as "tenantSlug",
      s.created_at as "createdAt",
      exists (select from public.users u where u.email = s.email) as "hasAccount"
    from public.sign_ups s join public.tenants t on t.id = s.tenant_id
    where s.id = ${signUpId} and s.tenant_id = ${tenantId} and s.verified_at is null and s.voided_at is null
      and s.created_at > now() - make_interval(days => ${SIGN_UP_DAYS})`;
  return row;
}

/**
 * Prepares a reset mail. A reset is for an account or, if the address has none, for its pending sign-ups, since the link of
 * a reset also verifies the address. Each try to send the mail starts the hour of the link again.
 */
export async function beginReset(
  owner: Owner,
  requestId: string,
): Promise<{ email: string; subject: ResetSubject } | undefined> {
  const [request] = await owner<{ email: string }[]>`
    update public.mail_requests set expires_at = now() + make_interval(secs => ${RESET_MS / 1000})
    where id = ${requestId} and kind = 'reset-password' and used_at is null and expires_at > now()
      and created_at > now() - make_interval(days => ${TRIED_DAYS}) returning email`;
  if (!request) return undefined;
  const { email } = request;
  const [user] = await owner<{ fullName: string; isDisabled: boolean }[]>`
    select full_name as "fullName", disabled_at is not null as "isDisabled" from public.users where email = ${email}`;
  if (user) return user.isDisabled ? undefined : { email, subject: { kind: 'account', fullName: user.fullName } };
  const [signUp, another] = await owner<SignUpFacts[]>`
    select t.name as "tenantName", t.slug as "tenantSlug", s.created_at as "createdAt"
    from public.sign_ups s join public.tenants t on t.id = s.tenant_id
    where s.email = ${email} and s.verified_at is null and s.voided_at is null
      and s.created_at > now() - make_interval(days => ${SIGN_UP_DAYS})
    limit 2`;
  if (!signUp) return undefined;
  return { email, subject: another ? { kind: 'sign-ups' } : { kind: 'sign-up', ...signUp } };
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
