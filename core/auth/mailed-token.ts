import { DAY_MS, HOUR_MS } from '../duration.ts';
import { AppError } from '../errors.ts';
import { idSchema } from '../id.ts';
import { mac, macMatches, type SecretKeys } from '../secret-keys.ts';

export type MailedTokenKind = 'verify-email' | 'reset-password' | 'invite';

/** How long the link of a verification mail works, in ms. */
export const VERIFICATION_MS = 24 * HOUR_MS;
/** How long the link of a reset mail works, in ms, from when it is sent. */
export const RESET_MS = HOUR_MS;
/** How long the link of an invite works, in ms. */
export const INVITE_MS = 7 * DAY_MS;

/** What a mailed token is bound to: another kind, row or address makes another token. */
export interface MailedTokenSubject {
  kind: MailedTokenKind;
  id: string;
  /** The normalized address that the mail went to. */
  email: string;
}

/**
 * Makes the token of a mailed link: `id.HMAC(SECRET_KEY, kind, id, address)`, in base64url.
 * It is made when the mail is sent and recomputed to check it, so no row, log or workflow history holds one.
 */
export function mintMailedToken(keys: SecretKeys, subject: MailedTokenSubject): string {
  return `${subject.id}.${mac(keys.current, partsOf(subject)).toString('base64url')}`;
}

/** The id that a token names, in its canonical form, or `undefined` for anything malformed. Says nothing of its validity. */
export function idOfMailedToken(token: string): string | undefined {
  return idSchema.safeParse(token.slice(0, token.indexOf('.'))).data;
}

export function mailedTokenMatches(keys: SecretKeys, token: string, subject: MailedTokenSubject): boolean {
  const given = token.slice(token.indexOf('.') + 1);
  return (
    idOfMailedToken(token) === subject.id &&
    macMatches(keys, partsOf(subject), Buffer.from(given, 'base64url')) &&
    // base64url has spare bits at the end: only the one canonical spelling counts.
    Buffer.from(given, 'base64url').toString('base64url') === given
  );
}

/** One answer for unknown, used, expired and revoked tokens. */
export function tokenInvalid(): AppError {
  return new AppError('TOKEN_INVALID', 'This link is unknown, was already used, or has expired. Ask for a new one.');
}

function partsOf({ kind, id, email }: MailedTokenSubject): string[] {
  return ['mailed-token', kind, id, email];
}
