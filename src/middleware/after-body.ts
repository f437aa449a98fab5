import type { Context } from 'hono';

const STREAMED = /^(text\/event-stream|application\/x-ndjson)\b/;

/** Whether an answer is a stream of events, which has no end of its own. */
export function isEvents({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') ?? false;
}

/** How a stream was over: with its end, with an error, or because nobody reads it any more. */
export type StreamEnd = 'whole' | 'failed' | 'left';

/** Whether an answer is a stream, by its type. */
export function isStreamed(c: Context): boolean {
  // tRPC calls a batch that it streams plain JSON; only the request tells it apart.
  const batch = c.req.header('trpc-accept') === 'application/jsonl';
  return batch || STREAMED.test(c.res.headers.get('content-type') ?? '');
}

/**
 * Where the answer is a stream, has `then` called once when it is over.
 * @returns whether it is one
 */
export function afterBody(c: Context, then: (end: StreamEnd) => void): boolean {
  if (!isStreamed(c)) return false;
  // Looked at last: to be asked for it turns a text into a stream, which is slower to send.
  const { body } = c.res;
  if (!body) return false;
  if (c.req.method === 'HEAD') {
    // Hono drops the body then, and whoever makes it would wait for a reader for ever.
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
        // Cancelled while it was read: there is nobody to give it to.
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
