import type { MiddlewareHandler } from 'hono';
import { isStreamed } from './after-body.ts';

/**
 * Gives the answer to HEAD the length that GET would have (RFC 9110, 8.6), or for a stream, which has none, what GET says
 * in its place. Bun would say 0 of an answer that comes without its body.
 */
export function headLength(): MiddlewareHandler {
  return async function tellLength(c, next) {
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
