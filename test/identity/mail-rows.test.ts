import { Client, Connection } from '@temporalio/client';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { emailWorkflowId } from '../../workflows/contract.ts';
import { connect } from '../support/database.ts';
import { mailsTo, nextMail } from '../support/mail.ts';
import { signUpTenant, freshEmail, type Founder } from '../support/people.ts';
import { rest } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { waitFor } from '../support/wait.ts';
import { invite } from './invited.ts';
import { askReset } from './resets.ts';

// A mail is written from the current rows of the tenant that queued it, because a tenant's role can queue any payload.
const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
let ada: Founder;
let ben: Founder;

beforeAll(async () => {
  [ada, ben] = await Promise.all([signUpTenant(place), signUpTenant(place)]);
});
afterAll(() => owner[Symbol.asyncDispose]());

/** Queues a mail for a tenant, and waits until the worker has processed it. */
async function order(tenantId: string | null, payload: Record<string, string>): Promise<void> {
  const id = uuidv7();
  await owner.sql`
    insert into public.outbox (id, tenant_id, kind, payload)
    values (${id}, ${tenantId}, 'email.send', ${JSON.stringify(payload)}::text::jsonb)`;
  await owner.sql`select pg_notify('atrium_outbox', '')`;
  const connection = await Connection.connect({ address: place.temporalAddress });
  const { workflow } = new Client({ connection });
  await waitFor(
    'the mail to be done with',
    async () =>
      await workflow
        .getHandle(emailWorkflowId(id))
        .result()
        .then(
          () => true,
          () => false,
        ),
  );
  await connection.close();
}

const sent = async (email: string): Promise<number> => (await mailsTo(place.mailDir, email)).length;

test('a tenant cannot have mail sent about invites, sign-ups or password resets of others', async () => {
  const invited = await invite(place, ada);
  const waiting = freshSignUp();
  await rest(place.url, 'POST', '/auth/register', { body: waiting });
  const reset = await askReset(place, ada.email);
  await Promise.all([
    nextMail(place.mailDir, invited.email),
    nextMail(place.mailDir, waiting.email),
    nextMail(place.mailDir, ada.email, 2),
  ]);
  const [signUp] = await owner.sql<{ id: string; link: string }[]>`
    select id, verification_id as link from public.sign_ups where email = ${waiting.email}`;
  await rest(place.url, 'POST', '/auth/resend-verification', { body: { email: freshEmail('nobody') } });
  const request = uuidv7();
  await owner.sql`
    insert into public.mail_requests (id, kind, email, expires_at)
    values (${request}, 'verify-email', ${waiting.email}, now() + interval '1 day')`;

  await order(ben.tenantId, { template: 'invite', inviteId: invited.id });
  await order(ben.tenantId, { template: 'verify-email', signUpId: signUp?.id ?? '' });
  await order(ben.tenantId, { template: 'reset-password', requestId: reset.id });
  await order(ben.tenantId, { template: 'resend-verification', requestId: request });
  expect([await sent(invited.email), await sent(waiting.email), await sent(ada.email)]).toEqual([1, 1, 2]);
  const [after] = await owner.sql`select verification_id as link from public.sign_ups where id = ${signUp?.id ?? ''}`;
  expect(after?.['link'], 'its link still works').toBe(signUp?.link);
  // The tenant of the outbox row counts, not the payload.
  await order(ada.tenantId, { template: 'invite', inviteId: invited.id });
  expect(await sent(invited.email)).toBe(2);
});

test.each([
  ['revoked', (id: string) => owner.sql`update public.invites set revoked_at = now() where id = ${id}`],
  ['accepted', (id: string) => owner.sql`update public.invites set accepted_at = now() where id = ${id}`],
  ['expired', (id: string) => owner.sql`update public.invites set expires_at = now() where id = ${id}`],
])('an invite that is %s before its mail is sent is not mailed', async (_, change) => {
  const { id, email } = await invite(place, ada);
  await nextMail(place.mailDir, email);
  await change(id);
  await order(ada.tenantId, { template: 'invite', inviteId: id });
  expect(await sent(email)).toBe(1);
});

test('an invite into a tenant that was deleted is not mailed', async () => {
  const eve = await signUpTenant(place);
  const { id, email } = await invite(place, eve);
  await nextMail(place.mailDir, email);
  await owner.sql`update public.tenants set status = 'deleted' where id = ${eve.tenantId}`;
  await order(eve.tenantId, { template: 'invite', inviteId: id });
  expect(await sent(email)).toBe(1);
});

test('a sign-up that was voided before its mail is sent is not mailed', async () => {
  const waiting = freshSignUp();
  await rest(place.url, 'POST', '/auth/register', { body: waiting });
  await nextMail(place.mailDir, waiting.email);
  const [signUp] = await owner.sql<{ id: string; tenant: string }[]>`
    update public.sign_ups set voided_at = now() where email = ${waiting.email} returning id, tenant_id as tenant`;
  await order(signUp?.tenant ?? null, { template: 'verify-email', signUpId: signUp?.id ?? '' });
  expect(await sent(waiting.email)).toBe(1);
});
