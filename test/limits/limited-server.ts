import { afterAll, inject } from 'vitest';
import { createRateLimits, createRedisCounter, type Counted, type RateLimits } from '../../core/rate-limit/index.ts';
import type { SharedStack } from '../support/global-setup.ts';
import { callOn, type Mount, type Procedure } from '../support/mounts.ts';
import { startOwnServer, type OwnServer } from '../support/own-server.ts';
import { signUpTenant } from '../support/people.ts';
import { startOwnRedis } from '../support/redis.ts';
import type { Answer, Call } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';
import { readMetrics } from '../telemetry/metrics.ts';
import { freshAddress } from './answers.ts';

/** The real limits, and callers' addresses from a header. */
const SETTINGS = { RATE_LIMIT_FACTOR: '1', TRUSTED_PROXIES: '127.0.0.1/32' };

/**
 * Starts what a test file of limits needs: a limited server, a tenant with its founder, and `counted`, which wraps each test.
 * The server is stopped after the file's last test.
 */
export async function startLimitsTest() {
  const shared = inject('stack');
  const server = await startLimitedServer(shared);
  afterAll(() => server[Symbol.asyncDispose]());
  return { shared, server, counted: countedAt(server), founder: await signUpTenant(shared) };
}

/** Whether a server counts without Redis now, and how often it has begun to. Its log would tell that a moment later. */
async function withoutRedis({ url }: OwnServer): Promise<{ now: boolean; times: number }> {
  const { value } = await readMetrics(url);
  return { now: value('atrium_limiter_away') === 1, times: value('atrium_limiter_fallbacks_total') };
}

/**
 * Runs a failed test again, twice at most, if the server has counted without Redis meanwhile. That is correct as well, but
 * its counts are not the ones that the test expects.
 * @returns a function that wraps a test, which must allow to be run again
 */
function countedAt(server: OwnServer) {
  return <Given extends unknown[]>(attempt: (...given: Given) => Promise<void>) =>
    async (...given: Given): Promise<void> => {
      for (let left = 2; ; left--) {
        const before = await waitFor('Redis to count', async () => {
          // The server tries Redis again only when it has a call to count.
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

/** A server over the shared database, limited as in production, with a Redis of its own. */
export interface LimitedServer extends AsyncDisposable, OwnServer {
  /** Calls a procedure from this address. */
  call(mount: Mount, procedure: Procedure, from: string, call?: Call): Promise<Answer>;
  /** Takes `count` tokens, as that many calls would. */
  prefill(counted: Counted, count: number): Promise<void>;
}

async function startLimitedServer(shared: SharedStack): Promise<LimitedServer> {
  const redis = await startOwnRedis(shared);
  const counter = createRedisCounter(urlOf(redis.port));
  const rateLimits = createRateLimits({ counter, factor: 1 });
  const server = await startServerAt(shared, redis.port);
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

/** Starts a limited server. @param redisPort the port of its Redis, or of a proxy before that */
export function startServerAt(shared: SharedStack, redisPort: number): Promise<OwnServer> {
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

/** Takes `count` tokens of a limit. Its counter may not be connected yet. */
export async function prefill(rateLimits: RateLimits, counted: Counted, count: number): Promise<void> {
  const once = () => rateLimits.take(counted, () => undefined);
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
