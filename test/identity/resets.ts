import { parseEnv, SETTINGS } from '../../core/env/index.ts';
import { mintMailedToken, type MailedTokenSubject } from '../../core/auth/mailed-token.ts';
import { connect } from '../support/database.ts';
import type { SharedStack } from '../support/global-setup.ts';
import { rest, type Answer } from '../support/rest.ts';

export const NEW_PASSWORD = 'brisk-walrus-folds-nine-umbrellas';

export function requestReset(place: SharedStack, email: string, headers: Record<string, string> = {}): Promise<Answer> {
  return rest(place.url, 'POST', '/auth/password-reset', { body: { email }, headers });
}

export function confirmReset(place: SharedStack, token: string, newPassword = NEW_PASSWORD): Promise<Answer> {
  return rest(place.url, 'POST', '/auth/password-reset/confirm', { body: { token, newPassword } });
}

/** @returns the token that the worker would mail for the subject */
export function mint(place: SharedStack, subject: MailedTokenSubject): string {
  const { SECRET_KEY: keys } = parseEnv(place.env, SETTINGS.pick({ SECRET_KEY: true }));
  return mintMailedToken(keys, subject);
}

/** Asks for a password reset. @returns the request's id, and the token that is mailed for it */
export async function askReset(place: SharedStack, email: string): Promise<{ id: string; token: string }> {
  await requestReset(place, email);
  await using owner = connect(place.databaseOwnerUrl);
  const [request] = await owner.sql<{ id: string }[]>`
    select id from public.mail_requests where email = ${email} and kind = 'reset-password' order by id desc limit 1`;
  if (!request) throw new Error(`There is no request of ${email}`);
  return { id: request.id, token: mint(place, { kind: 'reset-password', id: request.id, email }) };
}
