import { setTimeout as wait } from 'node:timers/promises';
import { shuttingDown } from '../../core/errors.ts';
import type { Caller } from '../../db/entering/callers.ts';
import { enterAsUser } from '../../db/entering/enter.ts';
import type { Pool } from '../../db/connection/pool.ts';
import { isSettled, readStatus, statesBetween, type TenantState } from './status.ts';

/** How often a stream looks, in ms: quick while something is under way, and within the 5 s that a revocation may take. */
const LOOK = { first: 50, slowest: 2_000, growth: 1.5 } as const;

/**
 * Tells each step of a tenant's provisioning, then ends. It enters anew for each look, so it holds no connection, and
 * a revoked session or membership ends it.
 * @throws AppError `UNAUTHENTICATED`, also when the token expires; `TENANT_NOT_FOUND`; `SHUTTING_DOWN`
 */
export async function* watchStatus(
  pool: Pool,
  watcher: { caller: Caller & { kind: 'session' }; slug: string; signal: AbortSignal | undefined; ending: AbortSignal },
): AsyncGenerator<TenantState, void> {
  const interrupt = AbortSignal.any([watcher.ending, ...(watcher.signal ? [watcher.signal] : [])]);
  let last: TenantState | undefined;
  let pause: number = LOOK.first;
  while (!watcher.signal?.aborted) {
    // An error, not an end: the client connects again, to another server.
    if (watcher.ending.aborted) throw shuttingDown();
    const state = await enterAsUser(pool, { caller: watcher.caller, readOnly: true, admitted: true }, ({ tx, actor }) =>
      readStatus(tx, actor.user.id, watcher.slug),
    );
    const news = statesBetween(last, state);
    yield* news;
    if (isSettled(state)) return;
    last = state;
    pause = news.length > 0 ? LOOK.first : Math.min(pause * LOOK.growth, LOOK.slowest);
    await wait(pause, undefined, { signal: interrupt }).catch(() => undefined);
  }
}
