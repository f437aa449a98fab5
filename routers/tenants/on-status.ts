import { setTimeout as wait } from 'node:timers/promises';
import { shuttingDown } from '../../core/errors.ts';
import type { Caller } from '../../db/entering/callers.ts';
import { enterAsUser } from '../../db/entering/enter.ts';
import type { Pool } from '../../db/connection/pool.ts';
import { isSettled, readStatus, statesBetween, type TenantState } from './status.ts';

/**
 * How often a stream polls, in ms. It polls fast while the status changes. The slowest interval is below the 5 s within
 * which a revocation must take effect.
 */
const POLL = { first: 50, slowest: 2_000, growth: 1.5 } as const;

/**
 * Yields each step of a tenant's provisioning, and ends after the last one. Each poll enters the database again. So the
 * stream holds no connection between polls, and a revoked session or membership ends it.
 * @throws AppError `UNAUTHENTICATED`, also when the token expires; `TENANT_NOT_FOUND`; `SHUTTING_DOWN`
 */
export async function* watchStatus(
  pool: Pool,
  watcher: { caller: Caller & { kind: 'session' }; slug: string; signal: AbortSignal | undefined; ending: AbortSignal },
): AsyncGenerator<TenantState, void> {
  const interrupt = AbortSignal.any([watcher.ending, ...(watcher.signal ? [watcher.signal] : [])]);
  let last: TenantState | undefined;
  let pause: number = POLL.first;
  while (!watcher.signal?.aborted) {
    // An error makes the client reconnect to another server. A normal end would not.
    if (watcher.ending.aborted) throw shuttingDown();
    const state = await enterAsUser(pool, { caller: watcher.caller, readOnly: true, admitted: true }, ({ tx, actor }) =>
      readStatus(tx, actor.user.id, watcher.slug),
    );
    const news = statesBetween(last, state);
    yield* news;
    if (isSettled(state)) return;
    last = state;
    pause = news.length > 0 ? POLL.first : Math.min(pause * POLL.growth, POLL.slowest);
    await wait(pause, undefined, { signal: interrupt }).catch(() => undefined);
  }
}
