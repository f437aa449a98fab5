import { expect, inject, test } from 'vitest';
import { aString } from './support/matchers.ts';
import { expectGuarded } from './support/guards.ts';
import { nextMail, tokenIn, type ReceivedMail } from './support/mail.ts';
import { signUpTenant, freshEmail, freshSlug, PASSWORD } from './support/people.ts';
import { at, reasonOf, rest } from './support/rest.ts';

const place = inject('stack');
const PAGE_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

async function load(path: string) {
  const response = await fetch(`${place.url}${path}`);
  return { response, text: await response.text(), type: response.headers.get('content-type') };
}

/** @returns the URLs that the tags of a page load */
const loadedBy = (html: string): string[] =>
  [...html.matchAll(/<(?:script|link|img|iframe)[^>]*\s(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url);

const MAILED = ['/verify-email', '/reset-password', '/accept-invite'];

const attribute = (tag: string, name: string): string | undefined => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];

test.each(['/docs', ...MAILED])(
  '%s runs under a Content-Security-Policy that allows nothing from other origins',
  async (path) => {
    const { response, text, type } = await load(path);
    expect([response.status, type]).toEqual([200, 'text/html; charset=utf-8']);
    expectGuarded(response, PAGE_CSP);
    // The content security policy blocks inline code.
    expect(text).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=/i);

    const urls = loadedBy(text).filter((url) => !url.startsWith('data:'));
    expect(urls.length).toBeGreaterThan(1);
    for (const url of urls) {
      // Relative URLs, so that a proxy may serve the server below a path.
      expect(url).toMatch(/^\w+\//);
      const { response: asset, text: body } = await load(`/${url}`);
      expect([url, asset.status]).toEqual([url, 200]);
      expect(asset.headers.get('content-type')).toMatch(url.endsWith('.css') ? /^text\/css/ : /^text\/javascript/);
      expect(body.length).toBeGreaterThan(50);
      expectGuarded(asset, PAGE_CSP, 'no-cache');
    }
  },
);

test('the docs show our own document, with Swagger UI from its package', async () => {
  const { text } = await load('/docs/init.js');
  expect(text).toContain("new URL('openapi.json', document.baseURI)");
  expect(text).not.toMatch(/https?:/);
  expect((await load('/docs/swagger-ui-bundle.js')).text).toContain('SwaggerUIBundle');
});

/** Opens the link of a mail several times, as a mail scanner does. */
async function openOften(mail: ReceivedMail, page: string): Promise<void> {
  const { pathname, search } = new URL(/https?:\S+\?token=\S+/.exec(mail.text)?.[0] ?? '');
  expect(pathname).toBe(page);
  for (const method of ['GET', 'HEAD', 'GET']) {
    const response = await fetch(`${place.url}${pathname}${search}`, { method });
    expect(response.status).toBe(200);
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(await response.text()).not.toContain(tokenIn(mail));
  }
}

test("opening the verification link, and its preview, do not use it up: only the page's POST does", async () => {
  const email = freshEmail();
  await rest(place.url, 'POST', '/auth/register', {
    body: { email, password: PASSWORD, fullName: 'Ada', tenantName: 'Acme', tenantSlug: freshSlug() },
  });
  const mail = await nextMail(place.mailDir, email);
  await openOften(mail, '/verify-email');
  const body = { token: tokenIn(mail) };
  const preview = () => rest(place.url, 'GET', `/auth/verify-email/preview?token=${encodeURIComponent(body.token)}`);
  expect([(await preview()).status, (await preview()).status]).toEqual([200, 200]);
  expect((await rest(place.url, 'POST', '/auth/verify-email', { body })).body).toEqual({ email });
  expect(reasonOf(await rest(place.url, 'POST', '/auth/verify-email', { body }))).toBe('TOKEN_INVALID');
});

test("the verification page asks for the sign-up's password only when the server requires it", async () => {
  const [{ text: page }, { text: script }] = await Promise.all([
    load('/verify-email'),
    load('/assets/verify-email.js'),
  ]);
  expect(/<form id="with-password"[^>]*>/.exec(page)?.[0]).toContain(' hidden');
  expect(script).toMatch(/verify\(\{ token \}\)/);
  expect(script).toMatch(/verify\(\{ token, password: password\.value \}\)/);
  // The page shows the server's message, which names the sign-up.
  expect(script).toMatch(/'INVALID_CREDENTIALS'\) \{\s+(\/\/[^\n]*\s+)?say\(problem\);\s+askForPassword\(\);/);
});

test("opening a reset link does not use it up: only the page's POST does", async () => {
  const { email } = await signUpTenant(place);
  await rest(place.url, 'POST', '/auth/password-reset', { body: { email } });
  const mail = await nextMail(place.mailDir, email, 2);
  await openOften(mail, '/reset-password');
  const body = { token: tokenIn(mail), newPassword: `${PASSWORD}-anew` };
  expect((await rest(place.url, 'POST', '/auth/password-reset/confirm', { body })).status).toBe(204);
  expect(reasonOf(await rest(place.url, 'POST', '/auth/password-reset/confirm', { body }))).toBe('TOKEN_INVALID');
});

test("opening an invite link, and its preview, do not use it up: only the page's POST does", async () => {
  const founder = await signUpTenant(place);
  const email = freshEmail('grace');
  await rest(place.url, 'POST', '/invites', {
    token: founder.tokens().accessToken,
    tenant: founder.slug,
    body: { email, role: 'member' },
  });
  const mail = await nextMail(place.mailDir, email);
  const token = tokenIn(mail);
  const preview = () => rest(place.url, 'GET', `/invites/preview?token=${encodeURIComponent(token)}`);
  await openOften(mail, '/accept-invite');
  expect([(await preview()).status, (await preview()).status]).toEqual([200, 200]);
  const body = { token, password: PASSWORD, fullName: 'Grace Hopper' };
  expect((await rest(place.url, 'POST', '/invites/accept', { body })).body).toMatchObject({ user: { email } });
  expect(reasonOf(await preview())).toBe('TOKEN_INVALID');
});

test.each(MAILED)('%s removes the token from the address bar first', async (path) => {
  const [{ text: script }, { text: shared }] = await Promise.all([
    load(`/assets${path}.js`),
    load('/assets/mailed-link.js'),
  ]);
  expect(shared).toMatch(/history\.replaceState\(null, '', location\.pathname\)/);
  expect(script).toMatch(/^import \{[^}]+\} from '\.\/mailed-link\.js';\n\nconst token = takeToken\(\);\n/);
  // The page inserts values as text only, since others may have chosen them.
  expect(script + shared).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|(local|session)Storage/);
});

test.each(MAILED)('%s submits nothing without its script, so that no password reaches a URL', async (path) => {
  const { text } = await load(path);
  for (const [form] of text.matchAll(/<form\b[^>]*>/g)) {
    expect(form).toContain('method="post"');
    expect(form).not.toContain('action=');
  }
  expect(text).toContain('role="status"');
  expect(text).toContain('<noscript>');
});

test.each([
  ['/verify-email', ['current-password']],
  ['/reset-password', ['new-password']],
  ['/accept-invite', ['name', 'username', 'new-password', 'username', 'current-password']],
])('%s labels its fields, and names their purpose for password managers', async (path, expected) => {
  const { text } = await load(path);
  const fields = [...text.matchAll(/<input\b[^>]*>/g)].map(([field]) => field).filter((it) => !it.includes('checkbox'));
  expect(fields.map((field) => attribute(field, 'autocomplete'))).toEqual(expected);
  for (const field of fields.filter((it) => !/\shidden\b/.test(it))) {
    expect(text).toContain(`<label for="${attribute(field, 'id')}">`);
  }
});

test('/livez and /readyz answer probes, and /health tells more', async () => {
  const [live, ready, health] = await Promise.all(['/livez', '/readyz', '/health'].map((path) => load(path)));
  expect([live?.response.status, ready?.response.status, health?.response.status]).toEqual([200, 200, 200]);
  expect([live?.text, ready?.text]).toEqual(['{"status":"ok"}', '{"status":"ok"}']);
  const told: unknown = JSON.parse(health?.text ?? '');
  expect(told).toMatchObject({ status: 'ok', version: aString, checks: { database: 'ok' } });
  expect(Number(at(told, 'uptimeSeconds'))).toBeGreaterThanOrEqual(0);
  expect(health?.text).not.toMatch(/postgres:|127\.0\.0\.1|password|secret/i);
});

test.each([
  '/docs/../package.json',
  '/assets/../../package.json',
  '/assets/%2e%2e%2fserver.ts',
  '/docs/swagger-initializer.js',
  '/docs.html',
])('only the pages are served of our files: not %s', async (path) => {
  expect((await load(path)).response.status).toBe(404);
});
