import { ApplicationFailure } from '@temporalio/activity';
import { mintMailedToken, type MailedTokenSubject } from '../../../core/auth/mailed-token.ts';
import type { SecretKeys } from '../../../core/secret-keys.ts';
import { emailPayloadSchema } from '../../../core/mail/email-payload.ts';
import { RecipientRefused, type Mailer } from '../../../core/mail/mailer.ts';
import { writeRefusedMail, type RefusedMail } from '../../../db/mail/owner/refused.ts';
import { beginReset, findInvite, findSignUp } from '../../../db/mail/owner/text-data.ts';
import type { Owner } from '../../../db/connection/owner/connect.ts';
import { renewVerifications } from '../../../db/identity/owner/verifications.ts';
import type { SendEmailInput } from '../../contract.ts';
import { withBeat } from '../heartbeat.ts';
import { accountExists, invite, resetPassword, verifyEmail, type Letter } from './texts.ts';

export type MailActivities = ReturnType<typeof createMailActivities>;

/** Writes mails from the current rows. Tokens are created here and appear in the mail only. */
export function createMailActivities(deps: {
  owner: Owner;
  mailer: Mailer;
  secretKeys: SecretKeys;
  /** The base URL of the links in mails. */
  appUrl: string;
}) {
  const { owner } = deps;

  return {
    send: (input: SendEmailInput): Promise<void> =>
      withBeat(async () => {
        const { messageId: _, tenantId: __, ...order } = input;
        // The relay validates the payload too, but an older relay may have started this workflow.
        if (!emailPayloadSchema.safeParse(order).success) {
          throw ApplicationFailure.nonRetryable('There is no such mail', 'InvalidInput');
        }
        const mail = await write(input);
        if (!mail) return;
        try {
          await deps.mailer.send({ id: input.messageId, ...mail });
        } catch (error) {
          // Every other error may be temporary or can be fixed by an operator, so the workflow retries.
          if (!(error instanceof RecipientRefused)) throw error;
          await writeRefusedMail(owner, { ...aboutOf(input), reply: error.reply });
          throw ApplicationFailure.nonRetryable(error.message, error.name);
        }
      }),
  };

  /** @returns undefined if the mail is no longer needed: its subject was used, voided or deleted */
  async function write(input: SendEmailInput): Promise<({ to: string } & Letter) | undefined> {
    switch (input.template) {
      case 'verify-email': {
        const row = await findSignUp(owner, input);
        if (!row) return undefined;
        const { email, verificationId: id } = row;
        if (row.hasAccount) return { to: email, ...accountExists(row) };
        const link = linkTo('/verify-email', { kind: 'verify-email', id, email });
        return { to: email, ...verifyEmail({ ...row, link }) };
      }
      case 'resend-verification':
        if (input.tenantId === null) await renewVerifications(owner, input.requestId);
        return undefined;
      case 'reset-password': {
        const row = input.tenantId === null ? await beginReset(owner, input.requestId) : undefined;
        if (!row) return undefined;
        const { email, subject } = row;
        const link = linkTo('/reset-password', { kind: 'reset-password', id: input.requestId, email });
        return { to: email, ...resetPassword(subject, link) };
      }
      case 'invite': {
        const row = await findInvite(owner, input);
        if (!row) return undefined;
        const { email, ...about } = row;
        const link = linkTo('/accept-invite', { kind: 'invite', id: input.inviteId, email });
        return { to: email, ...invite({ ...about, link }) };
      }
    }
  }

  /** The base URL comes from the settings only, so no request can change where a link leads. */
  function linkTo(page: string, subject: MailedTokenSubject): string {
    return `${deps.appUrl}${page}?token=${mintMailedToken(deps.secretKeys, subject)}`;
  }
}

/** The entity that a mail belongs to, for the audit log. */
function aboutOf(input: SendEmailInput): Omit<RefusedMail, 'reply'> {
  const { messageId, tenantId } = input;
  switch (input.template) {
    case 'verify-email':
      return { messageId, tenantId, entityType: 'sign_up', entityId: input.signUpId };
    case 'invite':
      return { messageId, tenantId, entityType: 'invite', entityId: input.inviteId };
    case 'resend-verification':
    case 'reset-password':
      return { messageId, tenantId, entityType: 'mail_request', entityId: input.requestId };
  }
}
