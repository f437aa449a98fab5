import { createHash } from 'node:crypto';
import { Ratelimit } from '@upstash/ratelimit';
import { Redis, type Requester, type UpstashRequest, type UpstashResponse } from '@upstash/redis';
import type { Counter } from './counter.ts';
import { createLotCounter } from './prefetch.ts';
import { openRedis } from './redis-connection.ts';
import type { Rule } from './rules.ts';

/** Counts in Upstash, by its REST. */
export function createUpstashCounter(url: string, token: string): Counter {
  return counterOver(new Redis({ url, token, retry: false, enableTelemetry: false }));
}

export interface RedisCounter extends Counter {
  close(): void;
}

/** Counts in a Redis of one's own. A count fails at once while it is away. */
export function createRedisCounter(url: string): RedisCounter {
  const connection = openRedis(url);
  // Upstash's scripts begin with a line that plain Redis refuses, so ours have other digests than the library asks for.
  const digests = new Map<string, string>();

  const plainly = ([name = '', script = '', ...rest]: readonly string[]): string[] => {
    if (name === 'evalsha') {
      const digest = digests.get(script);
      if (digest === undefined) throw new Error('NOSCRIPT');
      return ['EVALSHA', digest, ...rest];
    }
    if (name !== 'eval') throw new Error(`The limiter sent ${name}, which it never did`);
    const plain = script.replace(/^#!lua[^\n]*\n/, '');
    // Asked for before Redis has it, a digest is answered with NOSCRIPT as well.
    digests.set(sha1(script), sha1(plain));
    return ['EVAL', plain, ...rest];
  };
  const request: Requester['request'] = async <Result>({ body }: UpstashRequest): Promise<UpstashResponse<Result>> => ({
    result: await connection.send<Result>(plainly(Array.isArray(body) ? body.map(String) : [])),
  });
  return { ...counterOver(new Redis({ request })), close: () => connection.close() };
}

function counterOver(redis: Redis): Counter {
  const limiters = new Map<string, Ratelimit>();
  function limiterOf({ name, tokens, seconds }: Rule & { name: string }): Ratelimit {
    const known = limiters.get(name);
    if (known) return known;
    const limiter = new Ratelimit({
      redis,
      limiter: Ratelimit.slidingWindow(tokens, `${seconds} s`),
      prefix: `atrium:${name}`,
      // Its own time limit lets calls through, and its cache of who is blocked is never swept.
      timeout: 0,
      ephemeralCache: false,
      analytics: false,
    });
    limiters.set(name, limiter);
    return limiter;
  }
  return createLotCounter(async (rule, plainKey, tokens) => {
    const limiter = limiterOf(rule);
    const key = hashed(plainKey);
    const { success, limit, remaining, reset } = await limiter.limit(key, { rate: tokens });
    return {
      allowed: success,
      limit,
      remaining,
      resetAt: reset,
      giveBack: async () => {
        if (success && Date.now() < reset) await limiter.limit(key, { rate: -tokens });
      },
    };
  });
}

/** Whatever is counted by, an address or an e-mail, does not lie about in a Redis. */
function hashed(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 22);
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
