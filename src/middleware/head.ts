import type { MiddlewareHandler } from 'hono';
import { isStreamed } from './after-body.ts';

/**
 * Sets the `Content-Length` of GET on a response to HEAD (RFC 9110, 8.6). A stream has no length, so it gets GET's
 * `Transfer-Encoding` instead. Bun would send `Content-Length: 0` for a response without a body.
 */
export function headLength(): MiddlewareHandler {
  return async function setLength(c, next) {
    await next();
    if (c.req.method !== 'HEAD' || !c.res.body) return;
    if (isStreamed(c)) {
      c.res.headers.set('Transfer-Encoding', 'chunked');
      return;
    }
    const { byteLength } = await c.res.arrayBuffer();
    c.res = new Response(null, c.res);
    c.res.headers.set('Content-Length', String(byteLength));
  };
}
