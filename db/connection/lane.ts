import { PgDialect } from 'drizzle-orm/pg-core';
import { PostgresJsDatabase, PostgresJsSession } from 'drizzle-orm/postgres-js';
import type postgres from 'postgres';
import type { AppError } from '../../core/errors.ts';
import { postgresError, unreachable } from './errors.ts';
import { openLaneClient } from './lane-client.ts';
import { createNames, EXTENDED_PROTOCOL, guardClient } from './guarded-client.ts';

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

/**
 * How long until a transaction has begun, connecting included, and until it is over, in ms. Past that the connection
 * counts as lost: PostgreSQL's own limits are of no help where it, or the way to it, has frozen. With the wait for a
 * connection, no caller waits longer than 10 s for a database that answers nothing.
 */
const DEADLINE = { begin: 5_000, end: 10_000 } as const;
/**
 * Takes off the connection what outlives a transaction: settings and role of the session, `lastval()`, advisory locks. It
 * travels in one message with COMMIT, so it costs no round trip, and PgBouncer gives the connection to nobody else before.
 * DISCARD ALL would take the named statements as well, and can't be sent in a transaction.
 */
const CLEAN = 'reset role; reset all; discard sequences; select pg_catalog.pg_advisory_unlock_all()';
/** ROLLBACK takes back settings and role by itself. */
const ROLL_BACK = 'rollback; discard sequences; select pg_catalog.pg_advisory_unlock_all()';
/** PostgreSQL's code for a statement in a transaction that has failed. */
const FAILED_TRANSACTION = '25P02';
/** One connection, for one transaction at a time. It ends with its connection. */
export interface Lane {
  /** Whether the connection is gone: such a lane is of no more use. */
  readonly lost: boolean;
  /** How many transactions it has had. */
  readonly transactions: number;
  /** Sends BEGIN and, with it, `first`. */
  begin<Row>(options: BeginOptions<Row>): Promise<Begun<Row>>;
  end(timeout: number): Promise<void>;
}

export interface BeginOptions<Row> {
  readOnly: boolean;
  /** The id of the tenant whose transaction it is, if it is one's. */
  share?: string | undefined;
  first?: FirstStatement<Row>;
}

/** A transaction under way. */
export interface Begun<Row> {
  tx: Tx;
  /** What `first` gave. */
  rows: Row[];
  /** Rejects if the connection is lost. postgres.js leaves some queries of a lost connection without an answer. */
  loss: Promise<never>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

const dialect = new PgDialect();

/** Connects on first use, once. */
export function openLane(url: string, name: string): Lane {
  let lost = false;
  /** Why, as far as that was heard. */
  let reason: unknown;
  let onLoss: () => void = () => undefined;
  let transactions = 0;

  function lose(cause?: unknown): void {
    lost = true;
    if (cause instanceof Error) reason ??= cause;
    onLoss();
  }
  function giveUp(milliseconds: number): void {
    lose(new Error(`PostgreSQL did not answer within ${milliseconds} ms`));
    destroy();
  }
  function lossOf(): AppError {
    return unreachable(new Error('Connection lost in mid-transaction', { cause: reason }));
  }
  const { client, destroy } = openLaneClient(url, name, lose);

  // PgBouncer sets the name on each connection anew, and would take the empty one that RESET leaves for ours.
  const cleanAndCommit = `${CLEAN}; set application_name to '${name.replaceAll("'", "''")}'; commit`;

  const mayName = createNames();

  async function begin<Row>(opening: BeginOptions<Row>): Promise<Begun<Row>> {
    transactions += 1;
    try {
      return await beginOnce(opening);
    } catch (error) {
      // Sent behind the COMMIT of a read that had failed: its ROLLBACK is on its way by now.
      if (lost || postgresError(error)?.code !== FAILED_TRANSACTION) throw error;
      return await beginOnce(opening);
    }
  }

  async function beginOnce<Row>({ readOnly, share, first }: BeginOptions<Row>): Promise<Begun<Row>> {
    let open = true;
    const loss = new Promise<never>((_, reject) => {
      onLoss = () => reject(lossOf());
    });
    loss.catch(() => undefined);
    if (lost) onLoss();
    // TLS takes our listeners off the socket while it shakes hands; the deadline hears of a loss all the same.
    let deadline = setTimeout(giveUp, DEADLINE.begin, DEADLINE.begin);

    function assertOpen(): void {
      // A query that a procedure left behind must not run in the next one's transaction, which is another tenant's.
      if (!open) throw new Error('The transaction of this Drizzle client is over');
      if (lost) throw lossOf();
    }
    const guarded = guardClient(client, { share, mayName, assertOpen });
    async function commit(): Promise<void> {
      assertOpen();
      open = false;
      try {
        await Promise.race([client.unsafe(cleanAndCommit), loss]);
      } catch (error) {
        await sendRollback();
        if (postgresError(error)?.code !== FAILED_TRANSACTION) throw error;
        throw new Error('The transaction had failed and was rolled back', { cause: error });
      } finally {
        clearTimeout(deadline);
      }
    }
    async function rollback(): Promise<void> {
      const wasOpen = open;
      open = false;
      if (wasOpen) await sendRollback();
      clearTimeout(deadline);
    }
    async function sendRollback(): Promise<void> {
      // A lost connection took its transaction with it.
      if (lost) return;
      // One that can't be rolled back is nobody's any more.
      await Promise.race([client.unsafe(ROLL_BACK), loss]).catch(lose);
    }

    try {
      const begun = client.unsafe(readOnly ? 'begin read only' : 'begin');
      const answered = first
        ? client.unsafe<(Row & postgres.MaybeRow)[]>(first.text, Array.from(first.values), {
            ...EXTENDED_PROTOCOL,
            prepare: true,
          })
        : [];
      const [, rows] = await Promise.race([Promise.all([begun, answered]), loss]);
      assertOpen();
      clearTimeout(deadline);
      deadline = setTimeout(giveUp, DEADLINE.end, DEADLINE.end);
      return {
        tx: new PostgresJsDatabase(dialect, new PostgresJsSession(guarded, dialect, undefined), undefined),
        rows,
        loss,
        rollback,
        commit,
      };
    } catch (error) {
      await rollback();
      throw error;
    }
  }

  return {
    begin,
    get lost() {
      return lost;
    },
    get transactions() {
      return transactions;
    },
    end: (timeout) => client.end({ timeout }),
  };
}
