import { ApplicationFailure } from '@temporalio/activity';
import { mintMailedToken } from '../../core/mailed-token.ts';
import type { SecretKeys } from '../../core/keys.ts';
import type { Mailer } from '../../core/mail.ts';
import type { Owner } from '../../db/owner.ts';
import type { SendEmailInput } from '../contract.ts';
import { accountExists, verifyEmail, type Letter } from './letters.ts';

export type MailActivities = ReturnType<typeof createMailActivities>;

interface SignUpRow {
  email: string;
  full_name: string;
  verification_id: string;
  tenant_name: string;
  has_account: boolean;
  pending: boolean;
}

/** Writes mails from the rows as they are now. Tokens are made here, and leave in the mail alone. */
export function createMailActivities(deps: {
  owner: Owner;
  mailer: Mailer;
  secretKeys: SecretKeys;
  publicUrl: string;
}) {
  return {
    async send({ messageId, tenantId, signUpId }: SendEmailInput): Promise<void> {
      const [row] = await deps.owner<SignUpRow[]>`
        select s.email, s.full_name, s.verification_id, t.name as tenant_name,
          s.verified_at is null and s.voided_at is null as pending,
          exists (select from public.users u where u.email = s.email) as has_account
        from public.sign_ups s join public.tenants t on t.id = s.tenant_id
        where s.id = ${signUpId} and s.tenant_id = ${tenantId}`;
      // Verified, voided or gone in the meantime: nobody waits for this mail any more.
      if (!row?.pending) return;
      await deps.mailer.send({ id: messageId, to: row.email, ...letterFor(row) }).catch(refuseForGood);
    },
  };

  function letterFor(row: SignUpRow): Letter {
    const reader = { fullName: row.full_name, tenantName: row.tenant_name };
    if (row.has_account) return accountExists(reader);
    const token = mintMailedToken(deps.secretKeys, {
      kind: 'verify-email',
      id: row.verification_id,
      email: row.email,
    });
    return verifyEmail({ ...reader, link: `${deps.publicUrl}/verify-email?token=${token}` });
  }
}

/** An address that the server refuses for good (RFC 5321, 550–559) is not tried for days. */
function refuseForGood(error: unknown): never {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const reply = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : 0;
  if (code === 'EENVELOPE' && reply >= 550 && reply < 560) {
    throw ApplicationFailure.nonRetryable(`The mail server refuses the address (${reply})`, 'AddressRefused');
  }
  throw error;
}
