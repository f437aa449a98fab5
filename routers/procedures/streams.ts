import { AppError } from '../../core/errors.ts';
import { STREAMS_AT_ONCE as AT_MOST } from '../../core/rate-limit/index.ts';

/** The streams under way, by whose they are. */
export interface Streams {
  /** @returns what to call when it ends. @throws AppError `RATE_LIMITED` */
  open(userId: string): () => void;
  /** How many are open, of all users. */
  readonly total: number;
}

export function createStreams(): Streams {
  const open = new Map<string, number>();
  let total = 0;
  const add = (userId: string, by: 1 | -1): void => {
    const count = (open.get(userId) ?? 0) + by;
    if (count > 0) open.set(userId, count);
    else open.delete(userId);
    total += by;
  };
  return {
    get total() {
      return total;
    },
    open(userId) {
      if ((open.get(userId) ?? 0) >= AT_MOST) {
        throw new AppError(
          'RATE_LIMITED',
          `You have ${AT_MOST} open streams, which is the limit. Close one and retry.`,
          { retryAfter: 5 },
        );
      }
      add(userId, 1);
      return () => add(userId, -1);
    },
  };
}

/** Goes through a stream to its end, however it ends, and then closes it. */
export async function* closing<T>(stream: AsyncIterable<T>, close: () => void): AsyncGenerator<T, void> {
  try {
    yield* stream;
  } finally {
    close();
  }
}
