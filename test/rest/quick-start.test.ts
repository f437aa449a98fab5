import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { nextMail, tokenIn } from '../support/mail.ts';
import { freshEmail, freshSlug, PASSWORD } from '../support/people.ts';
import { at, rest } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';

const place = inject('stack');

/** Makes one call with a program that a reader of the docs would use. */
type Send = (
  method: string,
  path: string,
  call?: { token?: string; tenant?: string; body?: unknown },
) => Promise<{
  status: number;
  body: unknown;
}>;

async function expectQuickStart(send: Send): Promise<void> {
  const email = freshEmail();
  const slug = freshSlug();
  const registered = await send('POST', '/auth/register', {
    body: { email, password: PASSWORD, fullName: 'Ada Lovelace', tenantName: 'Acme', tenantSlug: slug },
  });
  expect(registered).toEqual({ status: 202, body: { tenant: { slug, status: 'provisioning' } } });

  const token = tokenIn(await nextMail(place.mailDir, email));
  expect(await send('POST', '/auth/verify-email', { body: { token } })).toEqual({ status: 200, body: { email } });

  const login = await send('POST', '/auth/login', { body: { email, password: PASSWORD, tenantSlug: slug } });
  expect(login.status).toBe(200);
  const access = String(at(login.body, 'accessToken'));

  await waitFor('the tenant to be ready', async () => {
    const { body } = await send('GET', `/tenants/${slug}/status`, { token: access });
    return at(body, 'status') === 'ready';
  });

  const inside = { token: access, tenant: slug };
  const created = await send('POST', '/projects', { ...inside, body: { name: 'Apollo' } });
  expect(created).toMatchObject({ status: 201, body: { name: 'Apollo', description: null } });
  const path = `/projects/${String(at(created.body, 'id'))}`;
  expect(await send('GET', '/projects', inside)).toEqual({
    status: 200,
    body: { items: [created.body], nextCursor: null },
  });
  expect(await send('GET', path, inside)).toEqual({ status: 200, body: created.body });
  expect(await send('PATCH', path, { ...inside, body: { description: 'To the moon' } })).toMatchObject({
    status: 200,
    body: { name: 'Apollo', description: 'To the moon' },
  });
  expect(await send('DELETE', path, inside)).toEqual({ status: 204, body: undefined });
  expect(await send('GET', path, inside)).toMatchObject({ status: 404, body: { reason: 'NOT_FOUND' } });
}

test('the quick start works by plain HTTP', async () => {
  await expectQuickStart(async (method, path, call) => {
    const { status, body } = await rest(place.url, method, path, call);
    return { status, body };
  });
});

test('the quick start works by curl alone', async () => {
  await expectQuickStart(async (method, path, { token, tenant, body } = {}) => {
    const { stdout } = await promisify(execFile)('curl', [
      ...['--silent', '--show-error', '--request', method, '--write-out', '\n%{http_code}'],
      ...(token === undefined ? [] : ['--header', `Authorization: Bearer ${token}`]),
      ...(tenant === undefined ? [] : ['--header', `X-Tenant-Slug: ${tenant}`]),
      ...(body === undefined ? [] : ['--header', 'Content-Type: application/json', '--data', JSON.stringify(body)]),
      `${place.url}/api/v1${path}`,
    ]);
    const end = stdout.lastIndexOf('\n');
    const answer: unknown = end === 0 ? undefined : JSON.parse(stdout.slice(0, end));
    return { status: Number(stdout.slice(end + 1)), body: answer };
  });
});
