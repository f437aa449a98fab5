import { expect, inject, test } from 'vitest';
import { aString } from './support/matchers.ts';
import { expectGuarded } from './support/guards.ts';
import { nextMail, tokenIn } from './support/mail.ts';
import { freshEmail, freshSlug, PASSWORD } from './support/people.ts';
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

/** What a page loads, by its tags. */
const loadedBy = (html: string): string[] =>
  [...html.matchAll(/<(?:script|link|img|iframe)[^>]*\s(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url);

test.each(['/docs', '/verify-email'])('%s runs under a policy that lets nothing in from elsewhere', async (path) => {
  const { response, text, type } = await load(path);
  expect([response.status, type]).toEqual([200, 'text/html; charset=utf-8']);
  expectGuarded(response, PAGE_CSP);
  // The policy allows no inline code: a page that needed some would not work.
  expect(text).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=/i);

  const urls = loadedBy(text).filter((url) => !url.startsWith('data:'));
  expect(urls.length).toBeGreaterThan(1);
  for (const url of urls) {
    expect(url).toMatch(/^\/[^/]/);
    const { response: asset, text: body } = await load(url);
    expect([url, asset.status]).toEqual([url, 200]);
    expect(asset.headers.get('content-type')).toMatch(url.endsWith('.css') ? /^text\/css/ : /^text\/javascript/);
    expect(body.length).toBeGreaterThan(50);
    expectGuarded(asset, PAGE_CSP);
  }
});

test('the docs show our own document, with Swagger UI from its package', async () => {
  const { text } = await load('/docs/init.js');
  expect(text).toContain("'/openapi.json'");
  expect(text).not.toMatch(/https?:/);
  expect((await load('/docs/swagger-ui-bundle.js')).text).toContain('SwaggerUIBundle');
});

test("opening the mailed link uses nothing up: only the page's own POST does", async () => {
  const email = freshEmail();
  await rest(place.url, 'POST', '/auth/register', {
    body: { email, password: PASSWORD, fullName: 'Ada', tenantName: 'Acme', tenantSlug: freshSlug() },
  });
  const mail = await nextMail(place.mailDir, email);
  const link = /https?:\S+\?token=\S+/.exec(mail.text)?.[0] ?? '';
  expect(link).toMatch(/\/verify-email\?token=/);
  const { pathname, search } = new URL(link);
  for (const method of ['GET', 'HEAD', 'GET']) {
    const page = await fetch(`${place.url}${pathname}${search}`, { method });
    expect(page.status).toBe(200);
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(await page.text()).not.toContain(tokenIn(mail));
  }
  const body = { token: tokenIn(mail) };
  expect((await rest(place.url, 'POST', '/auth/verify-email', { body })).body).toEqual({ email });
  expect(reasonOf(await rest(place.url, 'POST', '/auth/verify-email', { body }))).toBe('TOKEN_INVALID');
});

test('the page of the mailed link takes the token out of the address bar', async () => {
  expect((await load('/assets/verify-email.js')).text).toMatch(/history\.replaceState\(null, '', location\.pathname\)/);
});

test('probes learn that the server lives, that it is ready, and people a little more', async () => {
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
])('of our files only the pages are served: not %s', async (path) => {
  expect((await load(path)).response.status).toBe(404);
});
