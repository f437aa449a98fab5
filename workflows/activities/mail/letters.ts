import { INVITE_MS, RESET_MS, VERIFICATION_MS } from '../../../core/auth/mailed-token.ts';
import { inWords } from '../../../core/duration.ts';
import { harmless } from '../../../core/text/harmless.ts';
import { describeSignUp, type SignUpFacts } from '../../../core/identity/sign-up.ts';

/**
 * What a mail says. Names are chosen by strangers, so they are made harmless; and who has not proven an address has no
 * name in its mails.
 */
export interface Letter {
  subject: string;
  text: string;
}

/** @param reader.link opens a page that asks for a click: opening it proves nothing yet */
export function verifyEmail(reader: SignUpFacts & { link: string }): Letter {
  return {
    subject: `Confirm your e-mail for ${harmless(reader.tenantName)}`,
    text: [
      'Hello,',
      `someone, perhaps you, signed up with this address to found the tenant ${describeSignUp(reader)}. If it was you, confirm that this address is yours:`,
      reader.link,
      `The link works once, for ${inWords(VERIFICATION_MS)}. If others have signed up with this address too, the page asks for the password that you chose for this sign-up.`,
      'If it was not you, do nothing: no account is made.',
    ].join('\n\n'),
  };
}

/** For an address that has an account: carries no token, and nobody but its reader learns that there is one. */
export function accountExists(reader: SignUpFacts): Letter {
  return {
    subject: `You already have an account`,
    text: [
      'Hello,',
      `someone, perhaps you, signed up with this address to found the tenant ${describeSignUp(reader)}. You have an account already: log in, and found the tenant from there.`,
      'If it was not you, do nothing.',
    ].join('\n\n'),
  };
}

/** What a new password is for: an account, or the only sign-up or several sign-ups of an address without one. */
export type ResetSubject =
  | { kind: 'account'; fullName: string }
  | ({ kind: 'sign-up' } & SignUpFacts)
  | { kind: 'sign-ups' };

/** @param link opens a page that asks for the new password */
export function resetPassword(subject: ResetSubject, link: string): Letter {
  return { subject: 'Set a new password', text: [...askForPassword(subject), link, END_OF_RESET].join('\n\n') };
}

const END_OF_RESET = `The link works once, for ${inWords(RESET_MS)}, and then ends all sessions. If it was not you, do nothing: nothing changes.`;

function askForPassword(subject: ResetSubject): string[] {
  switch (subject.kind) {
    case 'account':
      return [
        `Hello ${harmless(subject.fullName)},`,
        'someone, perhaps you, asked for a new password for the account of this address. Choose it here:',
      ];
    case 'sign-up':
      return [
        'Hello,',
        `someone, perhaps you, asked for a new password for this address. It has no account yet, and one sign-up waits for it, to found the tenant ${describeSignUp(subject)}.`,
        'A new password confirms that sign-up and makes you the admin of its tenant. If you did not sign up, do nothing. If you did, choose the password here:',
      ];
    case 'sign-ups':
      return [
        'Hello,',
        'someone, perhaps you, asked for a new password for this address. It has no account yet, and several sign-ups wait for it.',
        'A new password makes your account without a tenant, and voids those sign-ups. To keep one of them, use the link of its own mail instead. Choose the password here:',
      ];
  }
}

/** @param reader.link opens a page that shows the invite and asks for consent */
export function invite(reader: { tenantName: string; invitedBy: string | null; role: string; link: string }): Letter {
  const tenant = harmless(reader.tenantName);
  const inviter = reader.invitedBy === null ? 'An admin' : harmless(reader.invitedBy);
  return {
    subject: `${inviter} invites you to ${tenant}`,
    text: [
      'Hello,',
      `${inviter} invites you to join "${tenant}" as ${reader.role === 'admin' ? 'an admin' : 'a member'}. See the invite, and accept it:`,
      reader.link,
      `The link works once, for ${inWords(INVITE_MS)}. If you do not know them, do nothing.`,
    ].join('\n\n'),
  };
}
