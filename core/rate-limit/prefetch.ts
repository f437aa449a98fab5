import { LRUCache } from 'lru-cache';
import type { Counter, NamedWindow, Taken } from './counter.ts';

/** Takes several tokens at once from the shared counter. */
export type TakeTokens = (window: NamedWindow, key: string, tokens: number) => Promise<Taken>;

/** The size of a batch, as a share of the limit and in tokens. A limit below 200 is counted without prefetching. */
const BATCH = { share: 1 / 100, maxTokens: 10 } as const;
/** If fewer batches than this are left, tokens are taken one by one, so that the limit is exact. */
const MIN_BATCHES_LEFT = 10;
/** The maximum number of keys. Beyond it the least recently used key is deleted, and its unused tokens are lost. */
const MAX_KEYS = 100_000;

/** The state of one key in the current window, in this process. */
interface Prefetched {
  /** Tokens that were taken and are not used yet. */
  unused: number;
  /** How many tokens the shared counter had left when it last answered. */
  remaining: number;
  /** Tokens that were requested, and whose answer has not come yet. */
  inFlight: number;
  resetAt: number;
  /** The batch that is in flight. */
  batch?: Batch | undefined;
}

interface Batch {
  /** Tokens that no caller waits for yet. */
  free: number;
  taken: Promise<Taken>;
}

/**
 * Prefetches tokens of large limits: takes a batch from the shared counter, and uses it up in this process. So most calls
 * wait for no network. Never more calls are allowed than tokens were taken. Tokens that are unused when the window ends are
 * lost: less than one batch for each server.
 * @param options.now in ms since the epoch
 */
export function createPrefetchCounter(take: TakeTokens, options: { now?: () => number } = {}): Counter {
  const { now = Date.now } = options;
  const prefetchedOf = new LRUCache<string, Prefetched>({ max: MAX_KEYS });

  function current(id: string): Prefetched | undefined {
    const prefetched = prefetchedOf.get(id);
    return prefetched && now() < prefetched.resetAt ? prefetched : undefined;
  }

  function allowed(
    id: string,
    { unused, remaining, resetAt }: Pick<Prefetched, 'unused' | 'remaining' | 'resetAt'>,
    limit: number,
  ): Taken {
    return {
      allowed: true,
      limit,
      remaining: remaining + unused,
      resetAt,
      refund: async () => {
        const prefetched = current(id);
        if (prefetched?.resetAt === resetAt) prefetched.unused += 1;
      },
    };
  }

  /** Stores an answer of the shared counter. @param asked how many tokens were requested @param free how many are unused */
  function keep(id: string, { remaining, resetAt }: Taken, asked: number, free: number): Prefetched {
    const known = current(id);
    if (known?.resetAt !== resetAt) {
      const first = { unused: free, remaining, inFlight: 0, resetAt };
      prefetchedOf.set(id, first);
      return first;
    }
    known.unused += free;
    // Answers may come in another order, so the lowest is kept. A single answer replaces it: a sliding window frees tokens.
    known.remaining = known.inFlight > asked ? Math.min(known.remaining, remaining) : remaining;
    return known;
  }

  return {
    async count(window, key) {
      const size = Math.min(Math.floor(window.tokens * BATCH.share), BATCH.maxTokens);
      if (size <= 1) return await take(window, key, 1);
      const id = `${window.name}:${key}`;
      const known = current(id);
      if (known && known.unused > 0) {
        known.unused -= 1;
        return allowed(id, known, window.tokens);
      }
      if (known?.batch && known.batch.free > 0) {
        known.batch.free -= 1;
        const taken = await known.batch.taken;
        // The caller that requested the batch has stored the answer by now.
        return taken.allowed ? allowed(id, current(id) ?? { ...taken, unused: 0 }, window.tokens) : taken;
      }
      const tokens = known && known.remaining - known.inFlight >= MIN_BATCHES_LEFT * size ? size : 1;
      const batch: Batch = { free: tokens - 1, taken: take(window, key, tokens) };
      if (known) {
        known.inFlight += tokens;
        if (tokens > 1) known.batch = batch;
      }
      try {
        const taken = await batch.taken;
        if (taken.allowed) return allowed(id, keep(id, taken, tokens, batch.free), window.tokens);
        // Other servers took the other tokens. The library also counts a refused batch, so now tokens are taken one by one.
        if (known) known.remaining = Math.min(known.remaining, taken.remaining);
        return taken;
      } finally {
        if (known) known.inFlight -= tokens;
        if (known?.batch === batch) known.batch = undefined;
      }
    },
  };
}
