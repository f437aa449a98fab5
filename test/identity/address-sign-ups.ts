import { nextMail, tokenIn } from '../support/mail.ts';
import { freshEmail } from '../support/people.ts';
import { rest, type Answer } from '../support/rest.ts';
import { freshSignUp, type SignUp } from '../support/sign-ups.ts';
import { outcomeOf } from './outcomes.ts';

export const VICTIM = 'three-patient-herons-share-a-ladder';
export const STRANGER = 'seven-yellow-kettles-argue-in-rain';

interface Mailed extends SignUp {
  token: string;
}

/** Signs up the owner of an address and a stranger, and uses their verification links. */
export function signUpsAt(place: { url: string; mailDir: string }) {
  async function signUp(email: string, password: string, count: number): Promise<Mailed> {
    const made = { ...freshSignUp(), email, password };
    await rest(place.url, 'POST', '/auth/register', { body: made });
    return { ...made, token: tokenIn(await nextMail(place.mailDir, email, count)) };
  }

  /** Signs up a stranger with an address first, and then the owner of the address. */
  async function bothSignUp() {
    const email = freshEmail();
    const theirs = await signUp(email, STRANGER, 1);
    const own = await signUp(email, VICTIM, 2);
    return { email, theirs, own };
  }

  const verify = (token: string, password?: string): Promise<Answer> =>
    rest(place.url, 'POST', '/auth/verify-email', { body: { token, password } });
  const preview = (token: string): Promise<Answer> =>
    rest(place.url, 'GET', `/auth/verify-email/preview?token=${encodeURIComponent(token)}`);
  const enter = async (email: string, password: string): Promise<string> =>
    outcomeOf(await rest(place.url, 'POST', '/auth/login', { body: { email, password } }));

  return { signUp, bothSignUp, verify, preview, enter };
}
