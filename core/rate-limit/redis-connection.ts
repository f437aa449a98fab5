import { createClient } from '@redis/client';

/** How often Redis is asked whether it is there, and after how long without a word a connection is given up, in ms. */
const WATCH = { every: 1_000, silence: 3_000 } as const;

/** A connection to a Redis, for as long as it is not closed. */
export interface RedisConnection {
  /** Fails at once while Redis is away. @throws Error with the reason */
  send<Result>(command: readonly string[]): Promise<Result>;
  close(): void;
}

/**
 * Connects to a Redis, and looks for it again and again while it is away. A connection over which nothing comes any more
 * is given up for a new one: the system would wait a quarter of an hour for the end of one that the network has lost.
 */
export function openRedis(url: string): RedisConnection {
  let heard = Date.now();
  let reason: unknown;
  let client = open();

  function open() {
    const opened = createClient({
      url,
      disableOfflineQueue: true,
      socket: { connectTimeout: 2_000, reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 1_000) },
    });
    const onError = (error: unknown): void => {
      if (opened !== client) return;
      heard = Date.now();
      reason = error;
    };
    opened.on('error', onError);
    opened.connect().catch(onError);
    return opened;
  }

  async function send<Result>(command: readonly string[]): Promise<Result> {
    const asked = client;
    if (!asked.isReady) throw new Error('Redis is away', { cause: reason });
    const answer = await asked.sendCommand<Result>(command);
    heard = Date.now();
    return answer;
  }

  const watch = setInterval(() => {
    if (Date.now() - heard > WATCH.silence) {
      heard = Date.now();
      reason = new Error(`Nothing came from Redis for ${WATCH.silence} ms`);
      client.destroy();
      client = open();
    } else if (client.isReady) {
      // Whoever hears of its failure is who counts.
      send(['PING']).catch(() => undefined);
    }
  }, WATCH.every);
  watch.unref();

  return {
    send,
    close() {
      clearInterval(watch);
      client.destroy();
    },
  };
}
