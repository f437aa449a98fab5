import { CONCURRENCY_RULES, createConcurrencyLimit, type ConcurrencyLimit } from '../../core/rate-limit/index.ts';
import type { CountedCall } from './limits.ts';

/** The streams that are open on this server. */
export type Streams = ConcurrencyLimit;

export function createStreams(): Streams {
  return createConcurrencyLimit('streamsByCaller');
}

/**
 * Counts an open stream of a caller.
 * @param key the id of the user or API key
 * @returns a function to call when the stream ends
 * @throws AppError `RATE_LIMITED`
 * @throws Error if the limit does not name the procedure
 */
export function openStream({ streams, spent }: Pick<CountedCall, 'streams' | 'spent'>, key: string): () => void {
  if (!CONCURRENCY_RULES.streamsByCaller.counts.of.includes(spent.procedure)) {
    throw new Error(`streamsByCaller does not name ${spent.procedure}: see core/rate-limit/rules.ts`);
  }
  return streams.open(key);
}

/** Passes a stream on and calls `close` when it ends, also if it fails or its reader stops early. */
export async function* closing<T>(stream: AsyncIterable<T>, close: () => void): AsyncGenerator<T, void> {
  try {
    yield* stream;
  } finally {
    close();
  }
}
