import { createClient } from '@redis/client';

/** How often Redis is pinged. */
const PING_MS = 1_000;
/** A connection is replaced if nothing arrives over it for this long. */
const SILENCE_MS = 3_000;

/** A connection to Redis that reconnects whenever it is lost. */
export interface RedisConnection {
  /** Sends a command. @throws Error at once while Redis is unreachable, with the reason as its cause */
  send<Result>(command: readonly string[]): Promise<Result>;
  close(): void;
}

/**
 * Connects to Redis, and reconnects while it is unreachable. A silent connection is replaced, because the operating system
 * takes a quarter of an hour to notice that it is lost.
 */
export function openRedis(url: string): RedisConnection {
  let heardAt = Date.now();
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
      heardAt = Date.now();
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
    heardAt = Date.now();
    return answer;
  }

  const watch = setInterval(() => {
    if (Date.now() - heardAt > SILENCE_MS) {
      heardAt = Date.now();
      reason = new Error(`Nothing came from Redis for ${SILENCE_MS} ms`);
      client.destroy();
      client = open();
    } else if (client.isReady) {
      // A failed ping needs no handling: the next count fails as well, or the silence is noticed.
      send(['PING']).catch(() => undefined);
    }
  }, PING_MS);
  watch.unref();

  return {
    send,
    close() {
      clearInterval(watch);
      client.destroy();
    },
  };
}
