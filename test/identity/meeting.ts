import type postgres from 'postgres';
import { connect } from '../support/database.ts';
import { waitFor } from '../support/wait.ts';

/**
 * Makes a change while calls wait for a lock: it takes the lock, starts the calls, and commits the change once they wait.
 * @param meeting.lock takes the lock that the calls need
 * @param meeting.calls starts the calls, which must not reject; it can wait until a number of them wait for the lock
 * @param meeting.waiting how many calls must wait before the change; 1 by default
 */
export async function meet<T>(
  place: { databaseOwnerUrl: string },
  meeting: {
    lock: (tx: postgres.TransactionSql) => PromiseLike<unknown>;
    calls: (untilWaiting: (count: number) => Promise<unknown>) => Promise<T>;
    waiting?: number;
    change?: (tx: postgres.TransactionSql) => PromiseLike<unknown>;
  },
): Promise<T> {
  const { waiting = 1 } = meeting;
  await using owner = connect(place.databaseOwnerUrl);
  const { answers } = await owner.sql.begin(async (tx) => {
    const untilWaiting = (count: number): Promise<unknown> =>
      waitFor(`${count} calls to wait for the lock`, async () => {
        // The second call may wait for the first one, which waits for this transaction.
        const [row] = await tx<{ calls: number }[]>`
          with recursive behind as (
            select pg_backend_pid() as pid
            union
            select w.pid from behind b, (select distinct pid from pg_locks where not granted) w
            where b.pid = any(pg_blocking_pids(w.pid)))
          select count(*)::int - 1 as calls from behind`;
        return (row?.calls ?? 0) >= count;
      });
    await meeting.lock(tx);
    const calling = meeting.calls(untilWaiting);
    // The rejection is handled below.
    calling.catch(() => undefined);
    await untilWaiting(waiting);
    await meeting.change?.(tx);
    // In an object, so that the promise is not awaited here: the transaction must end before the calls can.
    return { answers: calling };
  });
  return await answers;
}
