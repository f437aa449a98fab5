import { Client, Connection } from '@temporalio/client';
import { afterAll, expect, inject, test } from 'vitest';
import { createClient } from '../../client/index.ts';
import { freePort } from '../../dev/ports.ts';
import { connect } from '../support/database.ts';
import { startOwnStack } from '../support/own-stack.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { waitFor } from '../support/wait.ts';
import { allText, lobbyText } from './everything.ts';
import { startSmtpServer } from './smtp-server.ts';

const port = await freePort();
const stack = await startOwnStack(inject('stack'), { extraEnv: { MAIL_URL: `smtp://127.0.0.1:${port}` } });
const connection = await Connection.connect({ address: stack.temporalAddress });
const { workflow } = new Client({ connection });
afterAll(async () => {
  await connection.close();
  await stack.remove();
});

test('a dead mail server delays the mail of a sign-up, and no row, log or history holds its token or the password', async () => {
  const signUp = { ...freshSignUp(), password: 'canary-that-no-row-or-history-may-hold' };
  const written: string[] = [];
  await using owner = connect(stack.databaseOwnerUrl);

  // The answer cannot depend on the mail server and the worker, because both are stopped.
  await stack.worker.kill('SIGKILL');
  const { tenant } = await createClient({ url: stack.url }).auth.register.mutate(signUp);
  expect(tenant).toEqual({ slug: signUp.tenantSlug, status: 'provisioning' });
  expect(await owner.sql`select from public.outbox`).toHaveLength(2);
  written.push(await lobbyText(owner.sql));

  await stack.worker.start();
  const [mailing] = await waitFor('the mail to be tried', async () => {
    const found = await idsOf('sendEmail');
    const [id] = found;
    if (id === undefined) return false;
    const { raw } = await workflow.getHandle(id).describe();
    return (raw.pendingActivities?.[0]?.attempt ?? 0) > 1 && found;
  });

  await using server = await startSmtpServer(port);
  await workflow.getHandle(mailing ?? '').result();
  expect(server.mails, 'sent once').toHaveLength(1);
  const mail = server.mails[0] ?? '';
  expect(mail).toContain(`To: ${signUp.email}`);
  // Quoted-printable may break lines anywhere.
  const token = /\?token=(\S+)/.exec(mail.replaceAll('=\r\n', '').replaceAll('=3D', '='))?.[1] ?? '';
  await createClient({ url: stack.url }).auth.verifyEmail.mutate({ token });

  written.push(await lobbyText(owner.sql), ...stack.lines);
  for (const id of [...(await idsOf('sendEmail')), ...(await idsOf('provisionTenant'))]) {
    written.push(
      allText(await workflow.getHandle(id).describe()),
      allText(await workflow.getHandle(id).fetchHistory()),
    );
  }
  const all = written.join('\n');
  const [row] = await owner.sql`select id from public.sign_ups where email = ${signUp.email}`;
  expect(all, 'to be sure that payloads are read').toContain(`"signUpId":"${row?.['id']}"`);
  for (const secret of [signUp.password, token, token.split('.')[1]]) {
    expect(secret?.length).toBeGreaterThan(20);
    expect(all).not.toContain(secret);
  }
}, 60_000);

async function idsOf(workflowType: string): Promise<string[]> {
  const ids = [];
  for await (const { workflowId } of workflow.list({ query: `WorkflowType = '${workflowType}'` })) ids.push(workflowId);
  return ids;
}
