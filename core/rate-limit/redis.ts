import { createHash } from 'node:crypto';
import { Redis, type Requester } from '@upstash/redis';
import type { Counter } from './counter.ts';
import { openRedis, type RedisConnection } from './redis-connection.ts';
import { createSlidingWindowCounter } from './sliding-window.ts';

/**
 * The first line of the scripts of `@upstash/ratelimit`. It sets how Upstash locks keys while a script runs. Redis itself
 * refuses it.
 */
const UPSTASH_FLAGS = /^#!lua flags=allow-key-locking\n/;

export interface RedisCounter extends Counter {
  close(): void;
}

/** Counts in Redis. While Redis is unreachable, a count fails at once. */
export function createRedisCounter(url: string): RedisCounter {
  const connection = openRedis(url);
  const counter = createSlidingWindowCounter(new Redis({ request: requestBy(connection) }));
  return { ...counter, close: () => connection.close() };
}

/** Sends the library's commands over a connection, with scripts that Redis accepts. */
function requestBy(connection: RedisConnection): Requester['request'] {
  // Maps the digest of the library's script to the digest of the script that was sent.
  const digests = new Map<string, string>();

  function accepted([name = '', script = '', ...keysAndArgs]: readonly string[]): string[] {
    switch (name) {
      case 'evalsha': {
        const digest = digests.get(script);
        // On this error the library sends an `eval`.
        if (digest === undefined) throw new Error('NOSCRIPT');
        return ['EVALSHA', digest, ...keysAndArgs];
      }
      case 'eval': {
        const plain = script.replace(UPSTASH_FLAGS, '');
        digests.set(sha1(script), sha1(plain));
        return ['EVAL', plain, ...keysAndArgs];
      }
      default:
        throw new Error(`@upstash/ratelimit sent an unexpected command: ${name}`);
    }
  }

  return async <Result>({ body }: Parameters<Requester['request']>[0]) => {
    const command = Array.isArray(body) ? body.map(String) : [];
    return { result: await connection.send<Result>(accepted(command)) };
  };
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
