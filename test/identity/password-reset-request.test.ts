import { request } from 'node:http';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshRequestId, rowsOf } from '../db/audit-rows.ts';
import { connect } from '../support/database.ts';
import { mailsTo, nextMail, tokenIn } from '../support/mail.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, freshEmail, type Founder } from '../support/people.ts';
import { rest } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { openMailings } from './mailings.ts';
import { mint, requestReset } from './resets.ts';

const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});
afterAll(() => owner[Symbol.asyncDispose]());

/** Makes one address of each kind. Only that of the sign-up has got a mail. */
async function addresses(): Promise<Record<'account' | 'disabled' | 'signUp' | 'nobody', string>> {
  const [account, disabled] = [await addMember(place, ada), await addMember(place, ada)];
  await owner.sql`update public.users set disabled_at = now() where id = ${disabled.userId}`;
  const signUp = freshSignUp();
  await rest(place.url, 'POST', '/auth/register', { body: signUp });
  await nextMail(place.mailDir, signUp.email);
  return { account: account.email, disabled: disabled.email, signUp: signUp.email, nobody: freshEmail('nobody') };
}

/** Asks for a reset. @returns the answer and all new rows, which must not show whether the address is known */
async function tracesOf(email: string) {
  await using mailings = await openMailings(place);
  const requestId = freshRequestId('reset');
  const { status, body, headers } = await requestReset(place, email, { 'x-request-id': requestId });
  const address = email.trim().toLowerCase();
  const [asked] = await owner.sql<{ id: string }[]>`select id from public.mail_requests where email = ${address}`;
  const mailing = await mailings.done(asked?.id ?? '');
  const requests = await owner.sql`
    select kind, used_at, round(extract(epoch from expires_at - created_at) / 60)::int as minutes
    from public.mail_requests where email = ${address}`;
  const audit = await rowsOf(owner.sql, requestId);
  return {
    answer: { status, body, headers: [...headers.keys()].toSorted() },
    requests: [...requests],
    audit: audit.map(({ request_id: _, ...row }) => row),
    mailing,
  };
}

test('a reset request leaves the same answer and rows for every address, and mails only addresses that can use it', async () => {
  const all = await addresses();
  const account = await tracesOf(all.account);
  expect(account.answer).toMatchObject({ status: 202, body: {} });
  expect(account.requests).toEqual([{ kind: 'reset-password', used_at: null, minutes: 60 }]);
  expect(account.audit).toEqual([
    expect.objectContaining({ action: 'user.request_password_reset', outcome: 'success', actor_type: 'anonymous' }),
  ]);
  expect(account.mailing.template).toBe('reset-password');

  for (const email of [all.disabled, all.signUp, all.nobody]) expect(await tracesOf(email)).toEqual(account);
  const subjects = async (email: string) => (await mailsTo(place.mailDir, email)).map(({ subject }) => subject);
  expect(await subjects(all.account)).toEqual(['Set a new password']);
  expect(await subjects(all.signUp)).toEqual(['Confirm your e-mail for Acme', 'Set a new password']);
  expect(await subjects(all.disabled)).toEqual([]);
  expect(await subjects(all.nobody)).toEqual([]);
});

test('a reset request takes the address trimmed and in lower case', async () => {
  const { email } = await addMember(place, ada);
  const plain = await tracesOf(email);
  const spelled = await addMember(place, ada);
  expect(await tracesOf(`  ${spelled.email.toUpperCase()} `)).toEqual(plain);
  expect(await mailsTo(place.mailDir, spelled.email)).toHaveLength(1);
});

/** Asks for a reset with another Host header, which `fetch` cannot set. @returns the status */
async function requestAs(host: string, email: string): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    const headers = {
      host,
      'x-forwarded-host': host,
      'x-forwarded-proto': 'http',
      forwarded: `host=${host}`,
      origin: `http://${host}`,
      'content-type': 'application/json',
    };
    const call = request(`${place.url}/api/v1/auth/password-reset`, { method: 'POST', headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    call.on('error', reject);
    call.end(JSON.stringify({ email }));
  });
}

test('the reset link leads to PUBLIC_URL, whatever Host the request names', async () => {
  const { email } = await addMember(place, ada);
  expect(await requestAs('evil.example', email)).toBe(202);
  const mail = await nextMail(place.mailDir, email);
  const [row] = await owner.sql<{ id: string }[]>`select id from public.mail_requests where email = ${email}`;
  const token = mint(place, { kind: 'reset-password', id: row?.id ?? '', email });
  expect(tokenIn(mail)).toBe(token);
  expect(mail.text).toContain(`\n${place.env['PUBLIC_URL']}/reset-password?token=${token}\n`);
  expect(mail.text).not.toContain('evil');
});
