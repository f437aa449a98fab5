import { setImmediate } from 'node:timers/promises';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { afterBody } from '../../src/middleware/after-body.ts';

/** Serves an answer whose second part is sent when the test says so, or never. */
function serve() {
  const told: string[] = [];
  let send = (): void => undefined;
  const secondPart = new Promise<void>((resolve) => {
    send = resolve;
  });
  let parts = 0;
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    told.push(afterBody(c, () => void told.push('over')) ? 'a stream' : 'no stream');
  });
  app.get('/', () => {
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        parts += 1;
        if (parts === 1) return controller.enqueue(new TextEncoder().encode('first'));
        await secondPart;
        controller.close();
      },
      cancel: () => void told.push('cancelled'),
    });
    return new Response(body, {
      headers: { 'content-type': 'text/event-stream' },
    });
  });
  return { app, told, send };
}

test('a stream that is read to its end is reported as ended once', async () => {
  const { app, told, send } = serve();
  const response = await app.request('/');
  expect(told).toEqual(['a stream']);
  send();
  expect(await response.text()).toBe('first');
  expect(told).toEqual(['a stream', 'over']);
});

test('a stream that its reader leaves is reported as ended once, and produces nothing more', async () => {
  const { app, told } = serve();
  const reader = (await app.request('/')).body?.getReader();
  await reader?.read();
  const awaited = reader?.read();
  await reader?.cancel();
  expect((await awaited)?.done).toBe(true);
  // By then all pending work of the stream has run.
  await setImmediate();
  expect(told.filter((word) => word === 'over')).toHaveLength(1);
  expect(told).toContain('cancelled');
});

test('an answer to HEAD has no body, and is reported as ended at once', async () => {
  const { app, told } = serve();
  const response = await app.request('/', { method: 'HEAD' });
  expect([response.status, response.body]).toEqual([200, null]);
  expect(told).toEqual(expect.arrayContaining(['no stream', 'cancelled']));
});
