import { createGate, type Gate, type GateTally } from '../../core/gate.ts';
import { inSpan, SpanKind } from '../../core/tracing/span.ts';
import { databaseRefusal, isConnectionError, isRetryable, isUnreachable, unreachable } from './errors.ts';
import { openLane, type Begun, type FirstStatement, type Lane, type Tx } from './lane.ts';

export interface TransactionOptions {
  readOnly: boolean;
  /** The id of the tenant whose share of the pool this counts against. */
  share?: string | undefined;
}

export interface Pool {
  /**
   * Runs `work` in one transaction on one connection, and rolls back if it throws. A serialization failure or a
   * deadlock is tried once more from the start, so `work` must have no effect but on the database.
   * A read's COMMIT is not waited for: there is nothing in it that could fail the answer.
   * @throws AppError `OVERLOADED` when no connection is free in time, or PostgreSQL is unreachable; `CONFLICT` or
   *   `VALIDATION_FAILED` for a constraint that refused what `work` sent
   */
  transaction<T>(options: TransactionOptions, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** The same, with `first` sent together with BEGIN; `work` gets its rows. */
  transactionAfter<Row, T>(
    options: TransactionOptions & { first: FirstStatement<Row> },
    work: (tx: Tx, rows: Row[]) => Promise<T>,
  ): Promise<T>;
  /** Connections in use and callers waiting for one. */
  stats(): { busy: number; waiting: number };
  /** Connections at most. */
  readonly max: number;
  /** Of all callers until now, who waited. */
  readonly tally: Readonly<GateTally>;
  /** Lets running transactions end, for at most `timeout` seconds, then closes every connection. */
  close(timeout?: number): Promise<void>;
}

/** How long a caller waits for a connection, in ms, and how many may wait. */
const WAIT = { milliseconds: 5_000, callers: 1_000 } as const;
/** How often at most it is told that PostgreSQL is away, or back, in ms. */
const CHANGE_MS = 1_000;
/** A backend keeps 24 KiB of catalog cache for each tenant's table it has touched: it is replaced after so many. */
const TRANSACTIONS_PER_CONNECTION = 20_000;

/**
 * A pool of connections that each run one transaction at a time; BEGIN and the first statement travel together.
 * Why it is not postgres.js's own pool: docs/decisions/0002.
 * @param options.max connections at most; one share may hold half of them
 * @param options.onChange hears when PostgreSQL is found to be away, with the reason, and when it answers again
 */
export function createPool(
  url: string,
  options: { max: number; name: string; onChange?: (away: boolean, cause?: unknown) => void },
): Pool {
  const idle: Lane[] = [];
  const open = new Set<Lane>();
  const gate = createConnectionGate({ max: options.max, ...WAIT });
  const presence = { away: false, changedAt: -Infinity };

  /** Where some connections work and others don't, it is told now and then. */
  function tell(away: boolean, cause?: unknown): void {
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
      tell(false);
      const result = await Promise.race([work(begun.tx, begun.rows), begun.loss]);
      // What was read while the connection went away is not to be believed.
      if (lane.lost) await begun.loss;
      const committed = begun.commit();
      // The next BEGIN on this connection is sent behind this COMMIT, so a read need not wait for its answer.
      if (settings.readOnly) void committed.catch(() => undefined);
      else await committed;
      return result;
    } catch (error) {
      await begun?.rollback();
      if (!lane.lost && !isConnectionError(error)) throw error;
      // A transaction that has begun and takes too long may do so for reasons of its own.
      if (!begun || isConnectionError(error)) tell(true, error);
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
 * Who may have a connection: all in the order of asking, and one share half of them at most.
 * @param options.max connections in all
 * @param options.milliseconds how long one may wait
 * @param options.callers how many may wait
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
