import { beforeAll, expect, inject, test } from 'vitest';
import { freshRequestId, rowsOf } from '../db/audit-rows.ts';
import { connect } from '../support/database.ts';
import { mailsTo, nextMail, tokenIn } from '../support/mail.ts';
import { signUpTenant, freshEmail, PASSWORD, type Founder } from '../support/people.ts';
import { reasonOf, rest } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';

const place = inject('stack');
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});

/** Signs up, and waits for the mail. @param count the expected number of mails to the address @returns the token */
async function signUp(email: string, count = 1): Promise<string> {
  await rest(place.url, 'POST', '/auth/register', { body: { ...freshSignUp(), email } });
  return tokenIn(await nextMail(place.mailDir, email, count));
}

const resend = (email: string, headers: Record<string, string> = {}) =>
  rest(place.url, 'POST', '/auth/resend-verification', { body: { email }, headers });
const verify = async (token: string): Promise<unknown> => {
  const answer = await rest(place.url, 'POST', '/auth/verify-email', { body: { token, password: PASSWORD } });
  return reasonOf(answer) ?? answer.status;
};

async function tracesOf(email: string) {
  const requestId = freshRequestId('resend');
  const { status, body, headers } = await resend(email, { 'x-request-id': requestId });
  await using owner = connect(place.databaseOwnerUrl);
  const audit = await rowsOf(owner.sql, requestId);
  return {
    answer: { status, body, headers: [...headers.keys()].toSorted() },
    audit: audit.map(({ request_id: _, ...row }) => row),
  };
}

test('resending a verification gives the same answer and audit row for an account, an unknown address and a waiting sign-up', async () => {
  const waiting = freshEmail();
  await signUp(waiting);
  const nobody = freshEmail('nobody');
  const [account, none, pending] = [await tracesOf(ada.email), await tracesOf(nobody), await tracesOf(waiting)];
  expect(pending.answer).toMatchObject({ status: 202, body: {} });
  expect(pending.audit).toEqual([
    expect.objectContaining({ action: 'user.resend_verification', outcome: 'success', actor_type: 'anonymous' }),
  ]);
  expect([account, none]).toEqual([pending, pending]);

  await nextMail(place.mailDir, waiting, 2);
  expect(await mailsTo(place.mailDir, nobody)).toEqual([]);
  expect(await mailsTo(place.mailDir, ada.email), 'the first, from signing up').toHaveLength(1);
});

test('a resent verification link works and the old one does not, also if the old one had expired', async () => {
  const email = freshEmail();
  const old = await signUp(email);
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`update public.sign_ups set verification_expires_at = now() where email = ${email}`;
  expect(await verify(old)).toBe('TOKEN_INVALID');
  await resend(` ${email.toUpperCase()} `);
  const renewed = tokenIn(await nextMail(place.mailDir, email, 2));
  expect(await verify(old)).toBe('TOKEN_INVALID');
  expect(await verify(renewed)).toBe(200);
});

test('resending a verification mails a link to each waiting sign-up of the address, and to no other', async () => {
  const email = freshEmail();
  const old = [await signUp(email, 1), await signUp(email, 2), await signUp(email, 3)];
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`
    update public.sign_ups set voided_at = now()
    where email = ${email} and verification_id = ${old[0]?.split('.')[0] ?? ''}`;
  await resend(email);
  await nextMail(place.mailDir, email, 5);
  const mails = await mailsTo(place.mailDir, email);
  const renewed = mails.map(tokenIn).filter((token) => !old.includes(token));
  expect([mails.length, renewed.length, new Set(renewed).size]).toEqual([5, 2, 2]);
  for (const token of old) expect(await verify(token)).toBe('TOKEN_INVALID');
  expect([await verify(renewed[0] ?? ''), await verify(renewed[1] ?? '')]).toEqual([200, 'TOKEN_INVALID']);
});

test('resending a verification for an address with an account mails that, without a link', async () => {
  const { email } = await signUpTenant(place);
  await rest(place.url, 'POST', '/auth/register', { body: { ...freshSignUp(), email } });
  await nextMail(place.mailDir, email, 2);
  await resend(email);
  const mail = await nextMail(place.mailDir, email, 3);
  expect(mail.subject).toBe('You already have an account');
  expect(mail.text).not.toContain('token=');
});
