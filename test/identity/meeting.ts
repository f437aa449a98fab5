import type postgres from 'postgres';
import { connect } from '../support/database.ts';
import { waitFor } from '../support/wait.ts';

/**
 * Makes calls meet a change on its way: what they need is locked, and once they wait for it, the change is made and
 * committed.
 * @param meeting.lock takes what the calls will wait for
 * @param meeting.calls must not reject; may wait until so many of them wait
 * @param meeting.waiting how many of them must wait; one if not said
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
        // Whoever comes second waits for the first, who waits for us.
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
    // Heard of below.
    calling.catch(() => undefined);
    await untilWaiting(waiting);
    await meeting.change?.(tx);
    // Wrapped, since the transaction has to end before they can be answered.
    return { answers: calling };
  });
  return await answers;
}
