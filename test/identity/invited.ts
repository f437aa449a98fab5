import type { SharedStack } from '../support/global-setup.ts';
import { freshEmail, PASSWORD, type Founder } from '../support/people.ts';
import { rest, type Answer } from '../support/rest.ts';
import { mint } from './resets.ts';

/** A person who was invited to a tenant. */
export interface Invited {
  id: string;
  email: string;
  /** The token in the mail. */
  token: string;
}

/** Invites an address as the founder or another admin of a tenant. */
export async function invite(
  place: SharedStack,
  { client }: Pick<Founder, 'client'>,
  wish: { email?: string; role?: 'admin' | 'member' } = {},
): Promise<Invited> {
  const { email = freshEmail('grace'), role = 'member' } = wish;
  const { id } = await client.invites.create.mutate({ email, role });
  return { id, email, token: mint(place, { kind: 'invite', id, email }) };
}

export function acceptNew(
  place: SharedStack,
  token: string,
  more: { password?: string; fullName?: string } = {},
): Promise<Answer> {
  const body = { token, password: PASSWORD, fullName: 'Grace Hopper', ...more };
  return rest(place.url, 'POST', '/invites/accept', { body });
}

export function acceptAs(place: SharedStack, accessToken: string, token: string): Promise<Answer> {
  return rest(place.url, 'POST', '/invites/accept', { token: accessToken, body: { token } });
}

export function preview(place: SharedStack, token: string): Promise<Answer> {
  return rest(place.url, 'GET', `/invites/preview?token=${encodeURIComponent(token)}`);
}
