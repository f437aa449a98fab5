import { createRateLimits, createRedisCounter, type Counted, type RateLimits } from '../../core/rate-limit/index.ts';
import type { SharedStack } from '../support/global-setup.ts';
import { callOn, type Mount, type Procedure } from '../support/mounts.ts';
import { startOwnServer, type OwnServer } from '../support/own-server.ts';
import { startOwnRedis } from '../support/redis.ts';
import { reasonOf, type Answer, type Call } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';
import { readMetrics } from '../telemetry/metrics.ts';

/** What every server here is started with: limits as they are, and callers' addresses by a header. */
const SETTINGS = { RATE_LIMIT_FACTOR: '1', TRUSTED_PROXIES: '127.0.0.1/32' };

/** Whether a server counts without Redis now, and how often it took to that. Its log would tell a moment later. */
async function withoutRedis({ url }: OwnServer): Promise<{ now: boolean; times: number }> {
  const { value } = await readMetrics(url);
  return { now: value('atrium_limiter_away') === 1, times: value('atrium_limiter_fallbacks_total') };
}

/**
 * Makes a test of counts begin anew, twice at most, if it failed and the server did not hear from Redis in time meanwhile: what
 * is counted by then is right as well, and is not what the test looks at.
 * @returns takes a test that can be begun anew
 */
export function countedAt(server: OwnServer) {
  return <Given extends unknown[]>(attempt: (...given: Given) => Promise<void>) =>
    async (...given: Given): Promise<void> => {
      for (let left = 2; ; left--) {
        const before = await waitFor('Redis to count', async () => {
          // It looks there again for a call that it has to count.
          await callFrom(server, 'REST', 'users.me', freshAddress());
          const { now, times: taken } = await withoutRedis(server);
          return !now && taken;
        });
        try {
          return await attempt(...given);
        } catch (error) {
          if (left === 0 || (await withoutRedis(server)).times === before) throw error;
        }
      }
    };
}

/** A server over the shared database that limits as in production, by a Redis of its own. */
export interface LimitedPlace extends AsyncDisposable, OwnServer {
  /** Calls a procedure as someone at this address. */
  call(mount: Mount, procedure: Procedure, from: string, call?: Call): Promise<Answer>;
  /** Counts so many times, as if calls had been made. */
  prefill(counted: Counted, count: number): Promise<void>;
}

export async function startLimitedPlace(shared: SharedStack): Promise<LimitedPlace> {
  const redis = await startOwnRedis(shared);
  const counter = createRedisCounter(urlOf(redis.port));
  const rateLimits = createRateLimits({ counter, factor: 1 });
  const server = await startLimitedServer(shared, redis.port);
  return {
    ...server,
    call: (mount, procedure, from, call) => callFrom(server, mount, procedure, from, call),
    prefill: (counted, count) => prefill(rateLimits, counted, count),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      counter.close();
      await redis[Symbol.asyncDispose]();
    },
  };
}

/** @param redisPort where its Redis listens, or something that stands before it */
export function startLimitedServer(shared: SharedStack, redisPort: number): Promise<OwnServer> {
  return startOwnServer(shared, { ...SETTINGS, RATE_LIMIT_URL: urlOf(redisPort) });
}

export function callFrom(
  { url }: { url: string },
  mount: Mount,
  procedure: Procedure,
  from: string,
  call: Call = {},
): Promise<Answer> {
  return callOn(mount, url, procedure, { ...call, headers: { ...call.headers, 'x-forwarded-for': from } });
}

/** Fills a bucket of a rate limiter. It may not be connected yet. */
export async function prefill(rateLimits: RateLimits, counted: Counted, count: number): Promise<void> {
  const once = () => rateLimits.take([counted], () => undefined);
  await waitFor('a first count', () =>
    once().then(
      () => true,
      () => false,
    ),
  );
  await Promise.all(Array.from({ length: count - 1 }, once));
}

export function urlOf(redisPort: number): string {
  return `redis://127.0.0.1:${redisPort}`;
}

let given = 0;

/** An address that no other test of the file has (RFC 2544). */
export function freshAddress(): string {
  given += 1;
  return `198.18.${given >> 8}.${given & 255}`;
}

/** How a call went: its reason, or its status where it was not refused. */
export function outcome(answer: Answer): unknown {
  return reasonOf(answer) ?? answer.status;
}

/** Makes calls one after the other. @returns how each went */
export async function outcomes(count: number, call: (turn: number) => Promise<Answer>): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (let turn = 0; turn < count; turn++) seen.push(outcome(await call(turn)));
  return seen;
}

/** The same thing so many times. */
export function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}
