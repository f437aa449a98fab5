import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, expect, inject, test } from 'vitest';
import { createClient } from '../../client/index.ts';
import { allText, lobbyText } from '../mail/everything.ts';
import { connect } from '../support/database.ts';
import { nextMail, tokenIn } from '../support/mail.ts';
import { freshEmail, freshSlug, logIn } from '../support/people.ts';
import { startOwnStack } from '../support/own-stack.ts';
import { rest } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';

// A database dump, a disk, a log and Temporal's histories contain no password and no usable token.
const stack = await startOwnStack(inject('stack'));
const connection = await Connection.connect({ address: stack.temporalAddress });
const { workflow } = new Client({ connection });
afterAll(async () => {
  await connection.close();
  await stack.remove();
});

const CANARIES = {
  first: 'canary-one-that-nobody-may-write-down',
  wrong: 'canary-two-that-nobody-may-write-down',
  changed: 'canary-three-that-nobody-may-write-down',
  reset: 'canary-four-that-nobody-may-write-down',
  invited: 'canary-five-that-nobody-may-write-down',
} as const;

/** Makes every call that issues a token or takes a password. @returns the values that must not be stored anywhere */
async function useEverything(): Promise<string[]> {
  const secrets: string[] = Object.values(CANARIES);
  const keep = <T extends { accessToken: string; refreshToken?: string }>(pair: T): T => {
    secrets.push(pair.accessToken, ...(pair.refreshToken === undefined ? [] : [pair.refreshToken]));
    return pair;
  };
  const mailed = async (email: string, count = 1): Promise<string> => {
    const token = tokenIn(await nextMail(stack.mailDir, email, count));
    secrets.push(token, token.split('.')[1] ?? '');
    return token;
  };
  const fresh = () => createClient({ url: stack.url });
  const anyone = fresh();
  const call = (method: string, path: string, sent: Parameters<typeof rest>[3]) => rest(stack.url, method, path, sent);

  const ada = { email: freshEmail(), slug: freshSlug(), password: CANARIES.first };
  await anyone.auth.register.mutate({
    email: ada.email,
    password: ada.password,
    fullName: 'Ada',
    tenantName: 'Acme',
    tenantSlug: ada.slug,
  });
  await mailed(ada.email);
  await anyone.auth.resendVerification.mutate({ email: ada.email });
  const proof = await mailed(ada.email, 2);
  await call('GET', `/auth/verify-email/preview?token=${proof}`, {});
  await anyone.auth.verifyEmail.mutate({ token: proof });
  await call('POST', '/auth/login', { body: { email: ada.email, password: CANARIES.wrong } });
  await call('POST', '/auth/login', { body: `{"email": "${ada.email}", "password": "${CANARIES.wrong}"` });
  await call('POST', '/auth/login', { body: { email: CANARIES.wrong, password: CANARIES.wrong } });

  const { client, login } = await logIn(stack, ada);
  keep(login);
  await waitFor('the tenant', async () => (await client.tenants.status.query({ slug: ada.slug })).status === 'ready');
  keep(await anyone.auth.refresh.mutate({ refreshToken: login.refreshToken }));
  keep(await anyone.auth.refresh.mutate({ refreshToken: login.refreshToken }));
  keep(await client.auth.switchTenant.mutate({ tenantSlug: ada.slug }));
  keep(await client.auth.changePassword.mutate({ currentPassword: ada.password, newPassword: CANARIES.changed }));

  const { key } = await client.apiKeys.create.mutate({ name: 'CI', role: 'admin' });
  secrets.push(key);
  await call('GET', '/projects', { token: key, tenant: ada.slug });
  await call('GET', '/users/me', { token: key });
  const invited = freshEmail();
  await client.invites.create.mutate({ email: invited, role: 'member' });
  const token = await mailed(invited);
  await call('GET', `/invites/preview?token=${token}`, {});
  await call('GET', `/projects?token=${token}&access_token=${login.accessToken}`, { token: key, tenant: ada.slug });
  await fetch(`${stack.url}/accept-invite?token=${token}`);
  await fresh().invites.accept.mutate({ token, password: CANARIES.invited, fullName: 'Grace' });

  const root = await logIn(stack, stack.superuser);
  keep(root.login);
  secrets.push(stack.superuser.password);
  const userId = login.user.id;
  const assumed = await root.client.admin.assumeIdentity.mutate({
    userId,
    tenantSlug: ada.slug,
    reason: 'to see whether a token is written down',
  });
  keep(assumed);
  await call('GET', '/users/me', { token: assumed.accessToken });
  await call('POST', '/projects', { token: assumed.accessToken, tenant: ada.slug, body: { name: 'Not allowed' } });

  await anyone.auth.requestPasswordReset.mutate({ email: ada.email });
  const reset = await mailed(ada.email, 3);
  await anyone.auth.resetPassword.mutate({ token: reset, newPassword: CANARIES.reset });
  keep((await logIn(stack, { ...ada, password: CANARIES.reset })).login);
  return secrets;
}

/** @returns every file of the stack except the mails, which contain tokens on purpose */
async function filesText(): Promise<{ name: string; bytes: Buffer }[]> {
  const dataDir = dirname(stack.mailDir);
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.parentPath !== stack.mailDir);
  return await Promise.all(
    files.map(async ({ parentPath, name }) => ({
      name: join(parentPath, name),
      // PostgreSQL may have removed the file meanwhile.
      bytes: await readFile(join(parentPath, name)).catch(() => Buffer.alloc(0)),
    })),
  );
}

async function historiesText(): Promise<string> {
  const texts: string[] = [];
  for await (const { workflowId } of workflow.list()) {
    const handle = workflow.getHandle(workflowId);
    texts.push(allText(await handle.describe()), allText(await handle.fetchHistory()));
  }
  return texts.join('\n');
}

test('no database row, log, file, audit entry or workflow history holds a password or a token', async () => {
  const secrets = await useEverything();
  expect(secrets.length).toBeGreaterThan(25);
  expect(Math.min(...secrets.map((secret) => secret.length))).toBeGreaterThan(15);

  await using owner = connect(stack.databaseOwnerUrl);
  const rows = await lobbyText(owner.sql);
  const histories = await historiesText();
  expect(rows, 'to be sure that rows are read').toContain('invite.accept');
  expect(histories, 'to be sure that payloads are read').toContain('"template":"reset-password"');
  const log = stack.lines.join('\n');
  expect(log, 'to be sure that the log is read').toContain('/accept-invite');
  await using admin = connect(stack.databaseAdminUrl);
  await admin.sql`checkpoint`;

  const places = [
    { name: 'rows', bytes: Buffer.from(rows) },
    { name: 'histories', bytes: Buffer.from(histories) },
    { name: 'log', bytes: Buffer.from(log) },
    ...(await filesText()),
  ];
  expect(places.length).toBeGreaterThan(100);
  // These files show the operator's password to the developer on purpose.
  const told = new Set(['stack.json', 'secrets.json', 'dev.env'].map((name) => join(dirname(stack.mailDir), name)));
  const found = places.flatMap(({ name, bytes }) =>
    secrets
      .filter((secret) => bytes.includes(secret) && !(told.has(name) && secret === stack.superuser.password))
      .map((secret) => `${name} holds ${secret}`),
  );
  expect(found).toEqual([]);
}, 60_000);
