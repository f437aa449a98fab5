import { CONCURRENCY_RULES, createConcurrencyLimit, type ConcurrencyLimit } from '../../core/rate-limit/index.ts';
import type { CountedCall } from './limits.ts';

/** The streams that are open on this server. */
export type Streams = ConcurrencyLimit;

export function createStreams(): Streams {
  return createConcurrencyLimit('streamsByCaller');
}

/**
 * Counts a stream of the caller's.
 * @param key the id of the user or API key
 * @returns what to call when the stream ends
 * @throws AppError `RATE_LIMITED`
 * @throws Error if the limit does not name the procedure
 */
export function openStream({ streams, spent }: Pick<CountedCall, 'streams' | 'spent'>, key: string): () => void {
  if (!CONCURRENCY_RULES.streamsByCaller.counts.of.includes(spent.procedure)) {
    throw new Error(`streamsByCaller does not name ${spent.procedure}: see core/rate-limit/rules.ts`);
  }
  return streams.open(key);
}

/** Calls `close` when the stream ends, also if it fails or is left early. */
export async function* closing<T>(stream: AsyncIterable<T>, close: () => void): AsyncGenerator<T, void> {
  try {
    yield* stream;
  } finally {
    close();
  }
}
