import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { AppError } from '../core/errors.ts';
import { isConnectionError, isRetryable } from './errors.ts';
import { createTurns } from './turns.ts';

/** Drizzle inside one transaction. It can't open another, nor leave this one. */
export type Tx = Pick<
  PostgresJsDatabase,
  '$count' | '$with' | 'delete' | 'execute' | 'insert' | 'select' | 'selectDistinct' | 'update' | 'with'
>;

/** A statement sent in one flight with BEGIN, prepared and named: its text must be one of few. */
export interface FirstStatement<Row> {
  text: string;
  values: readonly (string | null)[];
  /** Not there at run time: says what the rows are. */
  rows?: Row[];
}

export interface TransactionOptions {
  readOnly: boolean;
  /** Whose share of the pool this counts against. */
  share?: string | undefined;
}

export interface Pool {
  /**
   * Runs `work` in one transaction on one connection, and rolls back if it throws. A serialization failure or a
   * deadlock is tried once more from the start, so `work` must have no effect but on the database.
   * A read's COMMIT is not waited for: there is nothing in it that could fail the answer.
   * @throws AppError `OVERLOADED` when no connection is free in time, or PostgreSQL is out of reach
   */
  transaction<T>(options: TransactionOptions, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** The same, with `first` sent together with BEGIN; `work` gets its rows. */
  transactionAfter<Row, T>(
    options: TransactionOptions & { first: FirstStatement<Row> },
    work: (tx: Tx, rows: Row[]) => Promise<T>,
  ): Promise<T>;
  /** Connections in use and callers waiting for one. */
  stats(): { busy: number; waiting: number };
  /** Lets running transactions end, for at most `timeout` seconds, then closes every connection. */
  close(timeout?: number): Promise<void>;
}

/** How long a caller waits for a connection, in ms, and how many may wait. */
const WAIT = { milliseconds: 5_000, callers: 1_000 } as const;
/** A backend keeps 24 KiB of catalog cache for each tenant's table it has touched: it is replaced after so many. */
const TRANSACTIONS_PER_CONNECTION = 20_000;
/** postgres.js takes the simple protocol for a text without parameters, and that runs several statements in one. */
const EXTENDED_PROTOCOL = { simple: false };
/** What a procedure may send. SET, RESET, COMMIT, DO and their like would lead out of the tenant. */
const ALLOWED = /^\s*(select|insert|update|delete|with|merge)\b/i;

/**
 * A pool of connections that each run one transaction at a time. Each keeps its own Drizzle, built once; BEGIN and
 * the first statement travel together. Why it is not postgres.js's own pool: docs/decisions/0002.
 * @param options.max connections at most; one share may hold half of them
 */
export function createPool(url: string, options: { max: number; name: string }): Pool {
  const idle: Lane[] = [];
  const open = new Set<Lane>();
  const turns = createTurns({ max: options.max, ...WAIT });

  function take(): Lane {
    const lane = idle.pop() ?? openLane(url, options.name);
    open.add(lane);
    return lane;
  }

  function giveBack(lane: Lane): void {
    if (lane.transactions < TRANSACTIONS_PER_CONNECTION) {
      idle.push(lane);
    } else {
      open.delete(lane);
      void lane.end(5);
    }
  }

  async function once<Row, T>(
    settings: TransactionOptions & { first?: FirstStatement<Row> },
    work: (tx: Tx, rows: Row[]) => Promise<T>,
  ): Promise<T> {
    const leave = await turns.enter(settings.share);
    const lane = take();
    const finished = (): void => {
      giveBack(lane);
      leave();
    };
    let committing: Promise<void> | undefined;
    try {
      const rows = await lane.begin(settings.readOnly, settings.first);
      const result = await work(lane.tx, rows);
      committing = lane.commit();
      if (!settings.readOnly) await committing;
      return result;
    } catch (error) {
      if (!committing) await lane.rollback();
      throw isConnectionError(error) ? unreachable(error) : error;
    } finally {
      if (committing) void committing.then(finished, finished);
      else finished();
    }
  }

  async function transaction<Row, T>(
    settings: TransactionOptions & { first?: FirstStatement<Row> },
    work: (tx: Tx, rows: Row[]) => Promise<T>,
  ): Promise<T> {
    try {
      return await once(settings, work);
    } catch (error) {
      if (!isRetryable(error)) throw error;
      return await once(settings, work);
    }
  }

  return {
    transaction,
    transactionAfter: transaction,
    stats: () => ({ busy: turns.busy, waiting: turns.waiting }),
    async close(timeout = 5) {
      turns.close();
      await Promise.all(Array.from(open, (lane) => lane.end(timeout)));
    },
  };
}

function unreachable(cause: unknown): AppError {
  return new AppError('OVERLOADED', 'The database is out of reach: try again shortly.', { retryAfter: 2 }, cause);
}

/** One connection and its Drizzle. */
interface Lane {
  readonly tx: Tx;
  readonly transactions: number;
  /** Sends BEGIN and, with it, `first`; gives the rows of `first`. */
  begin<Row>(readOnly: boolean, first?: FirstStatement<Row>): Promise<Row[]>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  end(timeout: number): Promise<void>;
}

function openLane(url: string, name: string): Lane {
  let losses = 0;
  let lossesAtBegin = 0;
  let inside = false;
  let transactions = 0;

  const client = postgres(url, {
    max: 1,
    // A connection that ended by itself in mid-transaction would be replaced by a fresh one, unbound to any tenant.
    max_lifetime: null,
    idle_timeout: 0,
    connect_timeout: 10,
    fetch_types: false,
    onnotice: () => undefined,
    onclose: () => {
      losses += 1;
    },
    connection: { application_name: name },
  });
  const send = client.unsafe.bind(client);

  function assertInside(): void {
    if (!inside) throw new Error('The transaction of this Drizzle client is over');
    // postgres.js would run the rest of a transaction on a new connection, outside of it: as another's, or nobody's.
    if (losses !== lossesAtBegin) throw unreachable(new Error('Connection lost in mid-transaction'));
  }

  client.unsafe = (query, parameters, queryOptions) => {
    assertInside();
    if (!ALLOWED.test(query)) {
      throw new Error(`A procedure may not send this statement: ${query.trimStart().slice(0, 20)}…`);
    }
    return send(query, parameters, { ...queryOptions, ...EXTENDED_PROTOCOL });
  };
  client.begin = () => {
    throw new Error('A transaction is already open: use the one at hand');
  };

  async function finish(command: 'commit' | 'rollback'): Promise<string> {
    assertInside();
    inside = false;
    const result = await send(command);
    return result.command;
  }

  return {
    tx: drizzle(client),
    get transactions() {
      return transactions;
    },
    async begin<Row>(readOnly: boolean, first?: FirstStatement<Row>): Promise<Row[]> {
      transactions += 1;
      lossesAtBegin = losses;
      inside = true;
      const begun = send(readOnly ? 'begin read only' : 'begin');
      const rows = first
        ? send<(Row & postgres.MaybeRow)[]>(first.text, Array.from(first.values), {
            prepare: true,
            ...EXTENDED_PROTOCOL,
          })
        : [];
      const [, result] = await Promise.all([begun, rows]);
      assertInside();
      return result;
    },
    async commit() {
      // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK, and no error.
      if ((await finish('commit')) !== 'COMMIT') throw new Error('The transaction had failed and was rolled back');
    },
    async rollback() {
      // A lost connection took its transaction with it.
      if (inside && losses === lossesAtBegin) await finish('rollback').catch(() => undefined);
      inside = false;
    },
    end: (timeout) => client.end({ timeout }),
  };
}
