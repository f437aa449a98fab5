import type { MiddlewareHandler } from 'hono';
import { requestIdOf, type AppEnv } from './request.ts';

/** The security headers of every response. A page can set its own CSP, and a static file its own `Cache-Control`. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
} as const;

/** Sets the request id and the security headers. */
export function guardHeaders(): MiddlewareHandler<AppEnv> {
  return async function guard(c, next) {
    const requestId = requestIdOf(c.req.header('x-request-id'));
    c.set('requestId', requestId);
    await next();
    const { headers } = c.res;
    for (const [name, value] of Object.entries(HEADERS)) {
      if (name !== 'Content-Security-Policy' || !headers.has(name)) headers.set(name, value);
    }
    if (c.var.cacheControl !== undefined) headers.set('Cache-Control', c.var.cacheControl);
    headers.set('X-Request-Id', requestId);
  };
}
