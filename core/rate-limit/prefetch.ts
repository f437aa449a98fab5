import { LRUCache } from 'lru-cache';
import type { Counter, NamedWindow, Taken } from './counter.ts';

/** Takes several tokens at once from the shared counter. */
export type TakeTokens = (window: NamedWindow, key: string, tokens: number) => Promise<Taken>;

/** The size of a batch, as a share of the limit and in tokens. A limit below 200 is counted without prefetching. */
const BATCH = { share: 1 / 100, maxTokens: 10 } as const;
/** With fewer batches left than this, tokens are taken one by one, so that the end of a limit is exact. */
const MIN_BATCHES_LEFT = 10;
/** Keys kept at most. Beyond that the least recently used are forgotten, and their unused tokens are lost. */
const MAX_KEYS = 100_000;

/** What this process knows of one key in the current window. */
interface Prefetched {
  /** Tokens that were taken and not used yet. */
  unused: number;
  /** What the shared counter had left when it last answered. */
  remaining: number;
  /** Tokens that were asked for and not answered yet. */
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

  /** Keeps an answer of the shared counter. @param asked the tokens in flight that it answers @param free those unused */
  function keep(id: string, { remaining, resetAt }: Taken, asked: number, free: number): Prefetched {
    const known = current(id);
    if (known?.resetAt !== resetAt) {
      const first = { unused: free, remaining, inFlight: 0, resetAt };
      prefetchedOf.set(id, first);
      return first;
    }
    known.unused += free;
    // Answers may overtake each other, so the lowest counts. A single one counts as it is: a sliding window frees tokens.
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
        // The caller that asked for the batch has kept its answer by now.
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
        // Other servers took the rest. The library counts a refused batch as well, so from here tokens are taken one by one.
        if (known) known.remaining = Math.min(known.remaining, taken.remaining);
        return taken;
      } finally {
        if (known) known.inFlight -= tokens;
        if (known?.batch === batch) known.batch = undefined;
      }
    },
  };
}
