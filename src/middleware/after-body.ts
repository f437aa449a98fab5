import type { Context } from 'hono';

const STREAMED = /^(text\/event-stream|application\/x-ndjson)\b/;

/** Whether a response is a stream of server-sent events. The client usually ends such a stream. */
export function isEvents({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') ?? false;
}

/** How a stream ended: complete, with an error, or because the client disconnected. */
export type StreamEnd = 'whole' | 'failed' | 'left';

/** Whether a response is a stream. */
export function isStreamed(c: Context): boolean {
  // tRPC sends a streamed batch as `application/json`, so only the request's header shows that it is a stream.
  const batch = c.req.header('trpc-accept') === 'application/jsonl';
  return batch || STREAMED.test(c.res.headers.get('content-type') ?? '');
}

/**
 * If the response is a stream with a body, calls `then` once when the stream ends.
 * @returns whether `then` will be called
 */
export function afterBody(c: Context, then: (end: StreamEnd) => void): boolean {
  if (!isStreamed(c)) return false;
  // Reading `body` turns a text response into a stream, which is slower to send. So this check comes last.
  const { body } = c.res;
  if (!body) return false;
  if (c.req.method === 'HEAD') {
    // Hono drops the body of HEAD. Without `cancel`, its source would wait for a reader for ever.
    void body.cancel().catch(() => undefined);
    return false;
  }
  const reader = body.getReader();
  let over = false;
  const finish = (end: StreamEnd): void => {
    if (!over) then(end);
    over = true;
  };
  const watched = new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        // The client disconnected during the read.
        if (over) return;
        if (!done) {
          controller.enqueue(value);
          return;
        }
        controller.close();
        finish('whole');
      } catch (error) {
        controller.error(error);
        finish('failed');
      }
    },
    async cancel(reason) {
      finish('left');
      await reader.cancel(reason);
    },
  });
  c.res = new Response(watched, c.res);
  return true;
}
