import { createRateLimits, createRedisCounter, type Counted, type RateLimits } from '../../core/rate-limit/index.ts';
import type { SharedStack } from '../support/global-setup.ts';
import { callOn, type Mount, type Procedure } from '../support/mounts.ts';
import { startOwnServer, type OwnServer } from '../support/own-server.ts';
import { startOwnRedis } from '../support/redis.ts';
import { reasonOf, type Answer, type Call } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';

/** What every server here is started with: limits as they are, and callers' addresses by a header. */
const SETTINGS = { RATE_LIMIT_FACTOR: '1', TRUSTED_PROXIES: '127.0.0.1/32' };

/** What a server says when it counts without Redis, and when it is back there. */
export const SAYS = {
  away: 'rate limits are counted in this process',
  back: 'rate limits are counted at RATE_LIMIT_URL again',
} as const;

/** How often a server has said something. */
export function said({ lines }: OwnServer, what: string): number {
  return lines.filter((line) => line.includes(what)).length;
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
        const before = said(server, SAYS.away);
        try {
          return await attempt(...given);
        } catch (error) {
          if (left === 0 || said(server, SAYS.away) === before) throw error;
          await waitFor('Redis to count again', () => said(server, SAYS.back) === said(server, SAYS.away));
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
