import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { Browser, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freePort } from '../dev/ports.ts';
import { openPage, startBrowser } from './browser/browser.ts';
import { nextMail } from './support/mail.ts';
import { startOwnStack } from './support/own-stack.ts';
import { signUpTenant, freshEmail, freshSlug, logIn, PASSWORD, type Founder } from './support/people.ts';
import { startPrefixProxy } from './support/prefix-proxy.ts';
import { at } from './support/rest.ts';

const shared = inject('stack');
const port = await freePort();
const url = `http://localhost:${port}/atrium/one`;
const stack = await startOwnStack(shared, { extraEnv: { PUBLIC_URL: `${url}/` } });
const proxy = await startPrefixProxy('/atrium/one', port, stack.url);
const place = { url, mailDir: stack.mailDir };
let browser: Browser;
let founder: Founder;

beforeAll(async () => {
  [browser, founder] = await Promise.all([
    startBrowser(shared.env['ATRIUM_BUN'] ?? 'bun', { ...shared.env }),
    signUpTenant(place),
  ]);
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await proxy[Symbol.asyncDispose]();
  await stack.remove();
  expect(proxy.strays).toEqual([]);
});

/** @returns the link of a mail; it must lead below the path */
async function linkTo(email: string, count = 1): Promise<string> {
  const { text } = await nextMail(stack.mailDir, email, count);
  const link = /https?:\S+\?token=\S+/.exec(text)?.[0] ?? '';
  expect(link.startsWith(`${url}/`)).toBe(true);
  return link;
}

/** The text that the page shows of a sign-up before a click. */
const NAMED = (slug: string): RegExp =>
  new RegExp(`tenant ${slug} \\(signed up on \\d{4}-\\d\\d-\\d\\d at \\d\\d:\\d\\d UTC, with the name "Acme"\\)`);

test('below a path that a proxy strips, the mailed link opens a page that confirms the address', async () => {
  const email = freshEmail();
  const register = { email, password: PASSWORD, fullName: 'Ada', tenantName: 'Acme', tenantSlug: freshSlug() };
  await founder.client.auth.register.mutate(register);
  await using opened = await openPage(browser, await linkTo(email));
  await opened.page.getByText(NAMED(register.tenantSlug)).waitFor();
  await opened.page.getByRole('button', { name: 'Confirm' }).click();
  await opened.page.getByText(`${email} is confirmed`).waitFor();
  expect(opened.page.url()).toBe(`${url}/verify-email`);
  expect(opened.faults).toEqual([]);
});

test('the link of one of several sign-ups opens a page that names the sign-up and asks for its password', async () => {
  const email = freshEmail();
  const slugs = [freshSlug(), freshSlug()];
  for (const tenantSlug of slugs) {
    const register = { email, password: PASSWORD, fullName: 'Ada', tenantName: '"Ac\u201dme"', tenantSlug };
    await founder.client.auth.register.mutate(register);
    await nextMail(stack.mailDir, email, slugs.indexOf(tenantSlug) + 1);
  }
  await using opened = await openPage(browser, await linkTo(email, 2));
  const { page, faults } = opened;
  await page.getByText(`tenant ${slugs[1]} (signed up on `).waitFor();
  await page.getByText(`UTC, with the name "'Ac'me'")`).waitFor();
  await page.getByLabel('Password of this sign-up').fill(PASSWORD);
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText(`${email} is confirmed`).waitFor();
  expect(faults).toEqual([]);
});

test('the page of an invalid link says so before a button is pressed', async () => {
  await using opened = await openPage(browser, `${url}/verify-email?token=none`);
  await opened.page.getByText('This link is unknown, was already used, or has expired').waitFor();
  expect(await opened.page.getByRole('button').count()).toBe(0);
});

test.each([
  ['is refused', (route: Route) => route.abort()],
  ['is not answered', () => undefined],
])('the verification page works when the preview %s', async (_, answer) => {
  const email = freshEmail();
  const register = { email, password: PASSWORD, fullName: 'Ada', tenantName: 'Acme', tenantSlug: freshSlug() };
  await founder.client.auth.register.mutate(register);
  const link = await linkTo(email);
  const page = await browser.newPage();
  await page.route('**/verify-email/preview?*', answer);
  await page.goto(link);
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText(`${email} is confirmed`).waitFor();
  expect(await page.locator('#sign-up').textContent()).toBe('');
  await page.close();
});

test('below a path, the mailed link opens a page that sets a new password', async () => {
  const { email } = await signUpTenant(place);
  await founder.client.auth.requestPasswordReset.mutate({ email });
  await using opened = await openPage(browser, await linkTo(email, 2));
  await opened.page.getByLabel('New password').fill(`${PASSWORD}-anew`);
  await opened.page.getByRole('button', { name: 'Set the password' }).click();
  await opened.page.getByText('Your new password is set').waitFor();
  expect(opened.faults).toEqual([]);
  await logIn(place, { email, password: `${PASSWORD}-anew` });
});

test('below a path, the mailed link opens a page that accepts an invite', async () => {
  const email = freshEmail('grace');
  await founder.client.invites.create.mutate({ email, role: 'member' });
  await using opened = await openPage(browser, await linkTo(email));
  await opened.page.getByLabel('Your name').fill('Grace Hopper');
  await opened.page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await opened.page.getByRole('button', { name: 'Create account and join' }).click();
  await opened.page.getByText('You have joined Acme').waitFor();
  expect(opened.faults).toEqual([]);
});

test('below a path, the docs show the document, and call the API from the page', async () => {
  await using opened = await openPage(browser, `${url}/docs`);
  const { page } = opened;
  await page.locator('#operations-auth-auth-login').waitFor();
  expect(await page.locator('.servers option').allTextContents()).toEqual([`${url}/api/v1`]);
  await page.locator('#operations-auth-auth-login .opblock-summary-control').click();
  await page.getByRole('button', { name: 'Try it out' }).click();
  const [answer] = await Promise.all([
    page.waitForResponse(`${url}/api/v1/auth/login`),
    page.getByRole('button', { name: 'Execute' }).click(),
  ]);
  expect([400, 401]).toContain(answer.status());
  // The browser itself logs each answer that is not a success.
  expect(opened.faults.filter((fault) => !fault.startsWith('Failed to load resource'))).toEqual([]);
});

test('below a path, tokens name that URL as their issuer, and the keys are served there', async () => {
  const keys = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`));
  const { payload } = await jwtVerify(founder.tokens().accessToken, keys, { issuer: url });
  expect(payload.sub).toBe(founder.userId);
});

test('below a path, the typed client calls, batches and subscribes', async () => {
  const { client, slug } = founder;
  await Promise.all([
    client.projects.create.mutate({ name: 'Apollo' }),
    client.projects.create.mutate({ name: 'Gemini' }),
  ]);
  expect((await client.projects.list.query({})).items).toHaveLength(2);
  const status = await new Promise((resolve, reject) => {
    const subscription = client.tenants.onStatus.subscribe(
      { slug },
      {
        onData: (state) => {
          subscription.unsubscribe();
          resolve(at(state, 'status'));
        },
        onError: reject,
      },
    );
  });
  expect(status).toBe('ready');
});

test('links in mail lead to APP_URL, where one is set', async () => {
  await stack.worker.kill('SIGTERM');
  await stack.worker.start({ APP_URL: 'https://App.example.com/welcome/' });
  const email = freshEmail('grace');
  await founder.client.invites.create.mutate({ email, role: 'member' });
  const { text } = await nextMail(stack.mailDir, email);
  expect(text).toContain('\nhttps://app.example.com/welcome/accept-invite?token=');
});
