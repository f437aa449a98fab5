import { createGate, type Gate, type GateTally } from '../../core/gate.ts';
import { inSpan, SpanKind } from '../../core/tracing/span.ts';
import { databaseRefusal, isConnectionError, isRetryable, isUnreachable, unreachable } from './errors.ts';
import { openLane, type Begun, type FirstStatement, type Lane, type Tx } from './lane.ts';

export interface TransactionOptions {
  readOnly: boolean;
  /** The id of the tenant whose share of the pool the transaction uses. */
  share?: string | undefined;
}

export interface Pool {
  /**
   * Runs `work` in one transaction, and rolls back if it throws. After a serialization failure or a deadlock it runs once
   * more from the start, so `work` must have no effects outside the database. It does not wait for the COMMIT of a read-only
   * transaction, since that can't change the result.
   * @throws AppError `OVERLOADED` if no connection is free in time or PostgreSQL is unreachable; `CONFLICT` or
   *   `VALIDATION_FAILED` if a constraint refused what `work` sent
   */
  transaction<T>(options: TransactionOptions, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Like `transaction`. It sends `first` together with BEGIN, and `work` gets its rows. */
  transactionAfter<Row, T>(
    options: TransactionOptions & { first: FirstStatement<Row> },
    work: (tx: Tx, rows: Row[]) => Promise<T>,
  ): Promise<T>;
  /** `busy`: connections in use. `waiting`: callers that wait for one. */
  stats(): { busy: number; waiting: number };
  /** The maximum number of connections. */
  readonly max: number;
  /** The counts of all callers since the start. */
  readonly tally: Readonly<GateTally>;
  /** Waits at most `timeout` seconds (5 by default) for running transactions, then closes all connections. */
  close(timeout?: number): Promise<void>;
}

/** How long a caller waits for a connection, in ms, and how many may wait. */
const WAIT = { milliseconds: 5_000, callers: 1_000 } as const;
/** The minimum time between two calls of `onChange`, in ms. */
const CHANGE_MS = 1_000;
/** A backend keeps 24 KiB of catalog cache for each table that it has used, so a connection is replaced after this many. */
const TRANSACTIONS_PER_CONNECTION = 20_000;

/**
 * A pool of connections. Each runs one transaction at a time, and sends BEGIN together with the first statement.
 * docs/decisions/0002 says why it is not the pool of postgres.js.
 * @param options.max the maximum number of connections; one share may hold half of them
 * @param options.onChange called when PostgreSQL becomes unreachable, with the cause, and when it answers again
 */
export function createPool(
  url: string,
  options: { max: number; name: string; onChange?: (away: boolean, cause?: unknown) => void },
): Pool {
  const idle: Lane[] = [];
  const open = new Set<Lane>();
  const gate = createConnectionGate({ max: options.max, ...WAIT });
  const presence = { away: false, changedAt: -Infinity };

  /** Calls `onChange`, but not too often if some connections work and others do not. */
  function reportPresence(away: boolean, cause?: unknown): void {
    if (presence.away === away || Date.now() - presence.changedAt < CHANGE_MS) return;
    Object.assign(presence, { away, changedAt: Date.now() });
    options.onChange?.(away, cause);
  }

  function take(): Lane {
    for (let lane = idle.pop(); lane; lane = idle.pop()) {
      if (!lane.lost) return lane;
      discard(lane);
    }
    const lane = openLane(url, options.name);
    open.add(lane);
    return lane;
  }

  function giveBack(lane: Lane): void {
    if (!lane.lost && lane.transactions < TRANSACTIONS_PER_CONNECTION) idle.push(lane);
    else discard(lane);
  }

  function discard(lane: Lane): void {
    open.delete(lane);
    void lane.end(lane.lost ? 0 : 5);
  }

  async function once<Row, T>(
    settings: TransactionOptions & { first?: FirstStatement<Row> },
    work: (tx: Tx, rows: Row[]) => Promise<T>,
  ): Promise<T> {
    const leave = await gate.enter({ share: settings.share });
    const lane = take();
    let begun: Begun<Row> | undefined;
    try {
      begun = await lane.begin(settings);
      reportPresence(false);
      const result = await Promise.race([work(begun.tx, begun.rows), begun.loss]);
      // The result may be wrong if the connection was lost meanwhile.
      if (lane.lost) await begun.loss;
      const committed = begun.commit();
      // The next BEGIN on this connection is sent after this COMMIT, so a read does not have to wait for its answer.
      if (settings.readOnly) void committed.catch(() => undefined);
      else await committed;
      return result;
    } catch (error) {
      await begun?.rollback();
      if (!lane.lost && !isConnectionError(error)) throw error;
      // A transaction that has begun may take too long although PostgreSQL is reachable.
      if (!begun || isConnectionError(error)) reportPresence(true, error);
      throw isUnreachable(error) ? error : unreachable(error);
    } finally {
      giveBack(lane);
      leave();
    }
  }

  async function transaction<Row, T>(
    settings: TransactionOptions & { first?: FirstStatement<Row> },
    work: (tx: Tx, rows: Row[]) => Promise<T>,
  ): Promise<T> {
    const attributes = { 'db.system.name': 'postgresql', 'atrium.read_only': settings.readOnly };
    return await inSpan('transaction', { kind: SpanKind.CLIENT, attributes }, async () => {
      try {
        return await once(settings, work);
      } catch (error) {
        if (!isRetryable(error)) throw databaseRefusal(error) ?? error;
        return await once(settings, work).catch((again: unknown) => {
          throw databaseRefusal(again) ?? again;
        });
      }
    });
  }

  return {
    transaction,
    transactionAfter: transaction,
    stats: () => ({ busy: gate.running, waiting: gate.waiting }),
    max: options.max,
    tally: gate.tally,
    async close(timeout = 5) {
      await Promise.race([gate.close(), after(timeout * 1000)]);
      await Promise.all(Array.from(open, (lane) => lane.end(1)));
    },
  };
}

/**
 * Gives out connections in the order of the calls. One share may hold at most half of them.
 * @param options.max the number of connections
 * @param options.milliseconds how long a caller may wait
 * @param options.callers how many callers may wait
 */
export function createConnectionGate(options: { max: number; milliseconds: number; callers: number }): Gate {
  return createGate({
    width: options.max,
    queue: options.callers,
    perShare: Math.max(1, Math.floor(options.max / 2)),
    waitMs: options.milliseconds,
    refusal: 'The database is busy. Retry the request in a moment.',
  });
}

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}
