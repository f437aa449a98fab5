import { LRUCache } from 'lru-cache';
import type { Counter, Taken } from './counter.ts';
import type { Rule } from './rules.ts';

/** Counts several at once. */
export type TakeLot = (rule: Rule & { name: string }, key: string, tokens: number) => Promise<Taken>;

/** Of a limit, what is taken at once; at most so much. A limit below a hundred is counted one by one. */
const LOT = { share: 1 / 100, most: 10 } as const;
/** With fewer lots left than this, the rest is counted one by one: near its end a limit is exact. */
const FAR = 10;
/** Keys whose rests are kept at most. Beyond that the ones unused for longest are forgotten, and were counted for nothing. */
const KEYS = 100_000;

interface Rest {
  /** Taken and not spent yet. */
  left: number;
  /** What could still be taken, when last heard; and what was asked for since. */
  remaining: number;
  underWay: number;
  resetAt: number;
  /** A lot that is being taken. */
  coming?: Lot | undefined;
}

interface Lot {
  /** How many of it are promised to no caller yet. */
  free: number;
  taken: Promise<Taken>;
}

/**
 * Counts a generous limit in lots: several are taken elsewhere at once, and spent here one by one. Never more are let
 * through than were taken. What is not spent when the window ends is lost, which is less than a lot for each server.
 * @param options.now in ms since the epoch
 */
export function createLotCounter(take: TakeLot, options: { now?: () => number } = {}): Counter {
  const { now = Date.now } = options;
  const rests = new LRUCache<string, Rest>({ max: KEYS });

  function restOf(id: string): Rest | undefined {
    const rest = rests.get(id);
    return rest && now() < rest.resetAt ? rest : undefined;
  }

  function spent(
    id: string,
    { left, remaining, resetAt }: Pick<Rest, 'left' | 'remaining' | 'resetAt'>,
    limit: number,
  ): Taken {
    return {
      allowed: true,
      limit,
      remaining: remaining + left,
      resetAt,
      giveBack: async () => {
        const rest = restOf(id);
        if (rest?.resetAt === resetAt) rest.left += 1;
      },
    };
  }

  /** Keeps what was heard, and what nobody has spent yet. @param asked how much of what is under way this answers */
  function keep(id: string, { remaining, resetAt }: Taken, free: number, asked: number): Rest {
    const known = restOf(id);
    if (known?.resetAt !== resetAt) {
      const fresh = { left: free, remaining, underWay: 0, resetAt };
      rests.set(id, fresh);
      return fresh;
    }
    known.left += free;
    // Of answers that overtake each other the lowest holds. One by itself is news: in a sliding window more comes free.
    known.remaining = known.underWay > asked ? Math.min(known.remaining, remaining) : remaining;
    return known;
  }

  return {
    async count(rule, key) {
      const size = Math.min(Math.floor(rule.tokens * LOT.share), LOT.most);
      if (size <= 1) return await take(rule, key, 1);
      const id = `${rule.name}:${key}`;
      const rest = restOf(id);
      if (rest && rest.left > 0) {
        rest.left -= 1;
        return spent(id, rest, rule.tokens);
      }
      if (rest?.coming && rest.coming.free > 0) {
        rest.coming.free -= 1;
        const taken = await rest.coming.taken;
        // Whoever asked for the lot has kept what was heard of it.
        return taken.allowed ? spent(id, restOf(id) ?? { ...taken, left: 0 }, rule.tokens) : taken;
      }
      const tokens = rest && rest.remaining - rest.underWay >= FAR * size ? size : 1;
      const lot: Lot = { free: tokens - 1, taken: take(rule, key, tokens) };
      if (rest) {
        rest.underWay += tokens;
        if (tokens > 1) rest.coming = lot;
      }
      try {
        const taken = await lot.taken;
        if (taken.allowed) return spent(id, keep(id, taken, lot.free, tokens), rule.tokens);
        // Others had the rest meanwhile. A lot that is refused is lost all the same: from here it is asked for one by one.
        if (rest) rest.remaining = Math.min(rest.remaining, taken.remaining);
        return taken;
      } finally {
        if (rest) rest.underWay -= tokens;
        if (rest?.coming === lot) rest.coming = undefined;
      }
    },
  };
}
