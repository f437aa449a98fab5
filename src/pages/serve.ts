import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, dirname } from 'node:path';
import { Hono } from 'hono';
import { etag, RETAINED_304_HEADERS } from 'hono/etag';
import { serveAsset } from './assets.ts';
import type { AppEnv } from '../middleware/request.ts';

/** The CSP allows only scripts, styles, images and API calls of the same origin. */
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

const TYPES = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
};

const swagger = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const own = (name: string): URL => new URL(name, import.meta.url);

/** The files by their paths: Swagger UI from its npm package, and the pages of mailed links. */
const PAGES: Record<string, { file: string | URL; type: keyof typeof TYPES }> = {
  '/docs': { file: own('docs.html'), type: 'html' },
  '/docs/init.js': { file: own('docs.js'), type: 'js' },
  '/docs/swagger-ui-bundle.js': { file: join(swagger, 'swagger-ui-bundle.js'), type: 'js' },
  '/docs/swagger-ui.css': { file: join(swagger, 'swagger-ui.css'), type: 'css' },
  '/verify-email': { file: own('verify-email.html'), type: 'html' },
  '/assets/verify-email.js': { file: own('verify-email.js'), type: 'js' },
  '/reset-password': { file: own('reset-password.html'), type: 'html' },
  '/assets/reset-password.js': { file: own('reset-password.js'), type: 'js' },
  '/accept-invite': { file: own('accept-invite.html'), type: 'html' },
  '/assets/accept-invite.js': { file: own('accept-invite.js'), type: 'js' },
  '/assets/mailed-link.js': { file: own('mailed-link.js'), type: 'js' },
  '/assets/page.css': { file: own('page.css'), type: 'css' },
};

/** Serves the pages. The files are read once. Opening a page changes nothing, so a GET never uses up a token. */
export function pages(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const unchanged = etag({ retainedHeaders: [...RETAINED_304_HEADERS, 'content-security-policy'] });
  for (const [path, { file, type }] of Object.entries(PAGES)) {
    const body = readFileSync(file);
    const headers = { 'Content-Type': TYPES[type], 'Content-Security-Policy': PAGE_CSP };
    if (type === 'html') app.get(path, (c) => c.body(body, 200, headers));
    else app.get(path, unchanged, serveAsset(body, headers));
  }
  return app;
}
