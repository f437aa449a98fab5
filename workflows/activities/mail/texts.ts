import { INVITE_MS, RESET_MS, VERIFICATION_MS } from '../../../core/auth/mailed-token.ts';
import { inWords } from '../../../core/duration.ts';
import { harmless } from '../../../core/text/harmless.ts';
import type { ResetSubject } from '../../../core/identity/reset-mail.ts';
import { describeSignUp, type SignUpFacts } from '../../../core/identity/sign-up.ts';

/**
 * The text of a mail. Anyone can choose a name, so every name passes `harmless`. A mail to an unverified address does not
 * contain the name of the person who signed up.
 */
export interface Letter {
  subject: string;
  text: string;
}

/** @param reader.link opens a page with a button; the address is only verified by the click on it */
export function verifyEmail(reader: SignUpFacts & { link: string }): Letter {
  return {
    subject: `Confirm your e-mail for ${harmless(reader.tenantName)}`,
    text: [
      'Hello,',
      `Someone signed up with this address to create the tenant ${describeSignUp(reader)}. If it was you, confirm that this address is yours:`,
      reader.link,
      `The link works once and expires after ${inWords(VERIFICATION_MS)}. If other people have also signed up with this address, the page asks for the password that you chose for this sign-up.`,
      'If it was not you, do nothing. No account is created.',
    ].join('\n\n'),
  };
}

/** For an address that has an account. It carries no token, and only the reader learns that the account exists. */
export function accountExists(reader: SignUpFacts): Letter {
  return {
    subject: 'You already have an account',
    text: [
      'Hello,',
      `Someone signed up with this address to create the tenant ${describeSignUp(reader)}. This address already has an account. If it was you, log in to it and create the tenant there.`,
      'If it was not you, do nothing.',
    ].join('\n\n'),
  };
}

/** @param link opens the page on which the new password is set */
export function resetPassword(subject: ResetSubject, link: string): Letter {
  return { subject: 'Set a new password', text: [...askForPassword(subject), link, END_OF_RESET].join('\n\n') };
}

const END_OF_RESET = `The link works once and expires after ${inWords(RESET_MS)}. Setting the password logs you out on every device. If it was not you, do nothing. Nothing changes.`;

function askForPassword(subject: ResetSubject): string[] {
  switch (subject.kind) {
    case 'account':
      return [
        `Hello ${harmless(subject.fullName)},`,
        'Someone asked to reset the password of the account with this address. If it was you, choose a new password here:',
      ];
    case 'sign-up':
      return [
        'Hello,',
        `Someone asked to reset the password for this address. It has no account yet, but one pending sign-up, to create the tenant ${describeSignUp(subject)}.`,
        'A new password confirms that sign-up and makes you the admin of its tenant. If you did not sign up, do nothing. If you did, choose the password here:',
      ];
    case 'sign-ups':
      return [
        'Hello,',
        'Someone asked to reset the password for this address. It has no account yet, but several pending sign-ups.',
        'A new password creates your account without a tenant and cancels those sign-ups. To keep one of them, use the link in its own mail instead. Choose the password here:',
      ];
  }
}

/** @param reader.link opens the page that shows the invite and the button to accept it */
export function invite(reader: { tenantName: string; invitedBy: string | null; role: string; link: string }): Letter {
  const tenant = harmless(reader.tenantName);
  const inviter = reader.invitedBy === null ? 'An admin' : harmless(reader.invitedBy);
  return {
    subject: `${inviter} invites you to ${tenant}`,
    text: [
      'Hello,',
      `${inviter} invites you to join "${tenant}" as ${reader.role === 'admin' ? 'an admin' : 'a member'}. View the invite and accept it here:`,
      reader.link,
      `The link works once and expires after ${inWords(INVITE_MS)}. If you do not know who invited you, do nothing.`,
    ].join('\n\n'),
  };
}
