import { DAY_MS, HOUR_MS } from '../duration.ts';
import { AppError } from '../errors.ts';
import { idSchema } from '../id.ts';
import { mac, macMatches, type SecretKeys } from '../secret-keys.ts';

export type MailedTokenKind = 'verify-email' | 'reset-password' | 'invite';

/** How long the link of a verification mail works, in ms. */
export const VERIFICATION_MS = 24 * HOUR_MS;
/** How long the link of a reset mail works, in ms after the mail is sent. */
export const RESET_MS = HOUR_MS;
/** How long the link of an invite works, in ms. */
export const INVITE_MS = 7 * DAY_MS;

/** A mailed token is only valid for this kind, row and address. */
export interface MailedTokenSubject {
  kind: MailedTokenKind;
  id: string;
  /** The normalized address that the mail went to. */
  email: string;
}

/**
 * Makes the token of a mailed link: `id.HMAC(SECRET_KEY, kind, id, address)`, the HMAC in base64url. The token is made when
 * the mail is sent and computed again to check it. So no row, log or workflow history holds a token.
 */
export function mintMailedToken(keys: SecretKeys, subject: MailedTokenSubject): string {
  return `${subject.id}.${mac(keys.current, partsOf(subject)).toString('base64url')}`;
}

/** Does not check that the token is valid. @returns the id in it, in its canonical form; `undefined` if it is malformed */
export function idOfMailedToken(token: string): string | undefined {
  return idSchema.safeParse(token.slice(0, token.indexOf('.'))).data;
}

export function mailedTokenMatches(keys: SecretKeys, token: string, subject: MailedTokenSubject): boolean {
  const given = token.slice(token.indexOf('.') + 1);
  return (
    idOfMailedToken(token) === subject.id &&
    macMatches(keys, partsOf(subject), Buffer.from(given, 'base64url')) &&
    // The last character of base64url has unused bits, so only the canonical encoding is accepted.
    Buffer.from(given, 'base64url').toString('base64url') === given
  );
}

/** One error for unknown, used, expired and revoked tokens. */
export function tokenInvalid(): AppError {
  return new AppError('TOKEN_INVALID', 'This link is unknown, was already used, or has expired. Ask for a new one.');
}

function partsOf({ kind, id, email }: MailedTokenSubject): string[] {
  return ['mailed-token', kind, id, email];
}
