import { ApplicationFailure } from '@temporalio/activity';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { parseEnv, WORKER_SETTINGS } from '../../core/env/index.ts';
import { RecipientRefused } from '../../core/mail/mailer.ts';
import { connectOwner, type Owner } from '../../db/connection/owner/connect.ts';
import { createMailActivities } from '../../workflows/activities/mail/send.ts';
import type { SendEmailInput } from '../../workflows/contract.ts';
import { invite } from '../identity/invited.ts';
import { signUpTenant, type Founder } from '../support/people.ts';

// A team may write a transport of its own, such as for the API of a mail service.
const place = inject('stack');
const { SECRET_KEY: secretKeys, PUBLIC_URL: appUrl } = parseEnv(place.env, WORKER_SETTINGS);
let owner: Owner;
let ada: Founder;
beforeAll(async () => {
  owner = connectOwner(place.databaseOwnerUrl, { max: 2, name: 'atrium test' });
  ada = await signUpTenant(place);
});
afterAll(() => owner.end({ timeout: 5 }));

/** @returns the error of the activity when the transport fails with `error` */
async function sendingFailsWith(error: Error, input: SendEmailInput): Promise<unknown> {
  const mailer = { send: () => Promise.reject(error), close: () => undefined };
  const { send } = createMailActivities({ owner, mailer, secretKeys, appUrl });
  return await send(input).then(
    () => undefined,
    (cause: unknown) => cause,
  );
}

async function anInvite(): Promise<SendEmailInput & { inviteId: string }> {
  const { id } = await invite(place, ada);
  return { template: 'invite', inviteId: id, messageId: uuidv7(), tenantId: ada.tenantId };
}

async function refusalsOf(inviteId: string): Promise<number> {
  return (await owner`select from public.audit_logs where action = 'mail.refuse' and entity_id = ${inviteId}`).length;
}

test('a mail is given up when any transport reports a refused recipient, which is logged once', async () => {
  const input = await anInvite();
  for (let attempt = 0; attempt < 2; attempt++) {
    const failure = await sendingFailsWith(new RecipientRefused('550 5.1.1'), input);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ nonRetryable: true, type: 'RecipientRefused' });
  }
  expect(await refusalsOf(input.inviteId)).toBe(1);
});

test.each([
  ['an outage', new Error('503 Service Unavailable')],
  // An error like those of nodemailer: the activity does not use the codes of a library.
  ['a code of a library', Object.assign(new Error('no'), { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550 })],
])('a mail that fails by %s of another transport is retried', async (_, error) => {
  const input = await anInvite();
  expect(await sendingFailsWith(error, input)).toBe(error);
  expect(await refusalsOf(input.inviteId)).toBe(0);
});
