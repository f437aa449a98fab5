import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createClient, type AtriumClient } from '../../client/index.ts';
import { createMailer, RecipientRefused } from '../../core/mail/mailer.ts';
import { freePort } from '../../dev/ports.ts';
import { connect } from '../support/database.ts';
import { startOwnStack, type OwnStack } from '../support/own-stack.ts';
import { freshEmail, logIn } from '../support/people.ts';
import { freshSignUp, type SignUp } from '../support/sign-ups.ts';
import { waitFor } from '../support/wait.ts';
import { readMetrics } from '../telemetry/metrics.ts';
import { startSmtpServer, type Answer, type SmtpServer } from './smtp-server.ts';

const METRICS_TOKEN = 'token-of-the-metrics';
const [port, metricsPort] = [await freePort(), await freePort()];
let answer: Answer = () => undefined;
let smtp: SmtpServer;
let stack: OwnStack;
beforeAll(async () => {
  smtp = await startSmtpServer(port, (command) => answer(command));
  stack = await startOwnStack(inject('stack'), {
    extraEnv: { MAIL_URL: `smtp://127.0.0.1:${port}`, METRICS_TOKEN, WORKER_METRICS_PORT: String(metricsPort) },
  });
});
afterAll(async () => {
  await stack.remove();
  await smtp[Symbol.asyncDispose]();
});

const to = (command: string, reply: string): Answer => {
  return (line) => (line.startsWith(command) ? reply : undefined);
};

test.each([
  // A permanent refusal of the recipient, at RCPT TO.
  ['RCPT TO', '550 5.1.1 <ada@example.com>: user unknown', true],
  ['RCPT TO', '550-5.1.1 The account that you tried to reach\r\n550 5.1.1 does not exist', true],
  ['RCPT TO', '550-Verification failed\r\n550 5.1.1 no such user', true],
  ['RCPT TO', '550 5.1.2 bad destination host', true],
  ['RCPT TO', '553 5.1.3 bad address syntax', true],
  ['RCPT TO', '551 5.1.6 has moved', true],
  ['RCPT TO', '556 5.1.10 the domain takes no mail', true],
  // A refusal of the sender, or a temporary one.
  ['RCPT TO', '554 5.7.1 <ada@example.com>: Relay access denied', false],
  ['RCPT TO', '554 Relay access denied', false],
  ['RCPT TO', '550 relay not permitted', false],
  ['RCPT TO', '550 5.7.1 Unable to relay', false],
  ['RCPT TO', '553 sorry, that domain is not in my list of allowed rcpthosts (#5.7.1)', false],
  ['RCPT TO', '550 5.1.8 <no-reply@example.com>: sender address rejected: domain not found', false],
  ['RCPT TO', '553 5.1.7 sender address rejected', false],
  ['RCPT TO', '530 5.7.0 authentication required', false],
  ['RCPT TO', '552 5.2.2 mailbox full', false],
  ['RCPT TO', '450 4.1.1 mailbox unavailable', false],
  ['RCPT TO', '451 try again, host 5.1.1.5 is slow', false],
  ['RCPT TO', '554 blocked: see host 5.1.1.5', false],
  ['RCPT TO', '554 5.1.1.5 is on a block list', false],
  ['MAIL FROM', '553 sender address rejected: not owned by user', false],
  ['MAIL FROM', '553 5.7.1 sender address rejected', false],
  ['MAIL FROM', '550 5.1.1 sender unknown', false],
  ['DATA', '554 5.1.1 no valid recipients', false],
  ['EHLO', '550 5.1.1 go away', false],
])('an answer to %s of "%s" ends a mail for good: %s', async (command, reply, final) => {
  const ownPort = await freePort();
  await using server = await startSmtpServer(ownPort, (line) => {
    return to(command, reply)(line) ?? (command === 'EHLO' ? to('HELO', reply)(line) : undefined);
  });
  const mailer = createMailer({ url: `smtp://127.0.0.1:${ownPort}`, from: 'Atrium <no-reply@example.com>' });
  const error: unknown = await mailer
    .send({ id: 'one', to: 'ada@example.com', subject: 'Hi', text: 'Hi' })
    .catch((cause: unknown) => cause);
  mailer.close();
  expect(error).toBeInstanceOf(Error);
  expect(error instanceof RecipientRefused).toBe(final);
  expect(server.mails).toEqual([]);
});

/** @returns the mails to an address, as decoded text */
function mailsTo(email: string): string[] {
  return smtp.mails
    .filter((mail) => mail.includes(`To: ${email}`))
    .map((mail) => mail.replaceAll('=\r\n', '').replaceAll('=3D', '='));
}

async function mailTo(email: string): Promise<string> {
  return await waitFor(`a mail to ${email}`, () => mailsTo(email)[0], 60_000);
}

const counted = async (outcome: string): Promise<number> => {
  const { value } = await readMetrics(`http://127.0.0.1:${metricsPort}`, METRICS_TOKEN);
  return value('atrium_mails_total', { outcome });
};

async function found(): Promise<SignUp & { client: AtriumClient }> {
  const person = freshSignUp();
  const anyone = createClient({ url: stack.url });
  await anyone.auth.register.mutate(person);
  const token = /\?token=(\S+)/.exec(await mailTo(person.email))?.[1] ?? '';
  await anyone.auth.verifyEmail.mutate({ token });
  const { client } = await logIn(stack, { ...person, slug: person.tenantSlug });
  return { ...person, client };
}

test.each([
  ['MAIL FROM', '553 sender address rejected: not owned by user'],
  ['RCPT TO', '554 Relay access denied'],
  ['RCPT TO', '550 5.7.1 Relay access denied'],
])(
  'a mail server that answers %s with "%s" delays mails, and they come once it is mended',
  async (command, reply) => {
    const failed = await counted('failed');
    answer = to(command, reply);
    const person = freshSignUp();
    await createClient({ url: stack.url }).auth.register.mutate(person);
    await waitFor('two tries', async () => (await counted('failed')) >= failed + 2, 60_000);
    answer = () => undefined;
    expect(await mailTo(person.email)).toContain('?token=');
    expect(mailsTo(person.email)).toHaveLength(1);
  },
  120_000,
);

test('a refused recipient is written to the log of the tenant, or of the platform for a reset, once and without a token', async () => {
  const { client, email: admin } = await found();
  await using owner = connect(stack.databaseOwnerUrl);
  const refused = await counted('refused');
  answer = to('RCPT TO', '550 5.1.1 no such user: the words of a stranger');
  const email = freshEmail('gone');
  const { id } = await client.invites.create.mutate({ email, role: 'member' });
  await client.auth.requestPasswordReset.mutate({ email: admin });
  const about = await waitFor('both to be refused', async () => {
    const rows = await owner.sql<Record<string, unknown>[]>`
      select l.action, l.entity_type, l.actor_type, l.outcome, l.changes -> 'reply' as reply, t.slug is not null as tenant,
        to_jsonb(l)::text as text
      from public.audit_logs l left join public.tenants t on t.id = l.tenant_id
      where action = 'mail.refuse' order by entity_type`;
    return rows.length === 2 && rows;
  });
  answer = () => undefined;

  const row = { action: 'mail.refuse', actor_type: 'system', outcome: 'failure', reply: [null, '550 5.1.1'] };
  expect(about).toEqual([
    expect.objectContaining({ ...row, entity_type: 'invite', tenant: true }),
    expect.objectContaining({ ...row, entity_type: 'mail_request', tenant: false }),
  ]);
  for (const { text } of about) {
    expect(text).not.toMatch(/stranger|token|@/);
  }
  expect((await client.audit.history.query({ entityType: 'invite', entityId: id })).items).toContainEqual(
    expect.objectContaining({ action: 'mail.refuse', actorType: 'system', outcome: 'failure' }),
  );
  expect((await counted('refused')) - refused).toBe(2);
  expect(mailsTo(email)).toEqual([]);
}, 120_000);
