import { PgDialect } from 'drizzle-orm/pg-core';
import { PostgresJsDatabase, PostgresJsSession } from 'drizzle-orm/postgres-js';
import type postgres from 'postgres';
import type { AppError } from '../../core/errors.ts';
import { postgresError, unreachable } from './errors.ts';
import { openLaneClient } from './lane-client.ts';
import { createNames, EXTENDED_PROTOCOL, guardClient } from './guarded-client.ts';

/** Drizzle in one transaction. It can neither open another transaction nor end this one. */
export type Tx = Pick<
  PostgresJsDatabase,
  '$count' | '$with' | 'delete' | 'execute' | 'insert' | 'select' | 'selectDistinct' | 'update' | 'with'
>;

/** A statement that is sent together with BEGIN. It is prepared and named, so there must be few different texts. */
export interface FirstStatement<Row> {
  text: string;
  values: readonly (string | null)[];
  /** Never set. It only carries the type of the rows. */
  rows?: Row[];
}

/**
 * In ms. `begin`: how long connecting and BEGIN may take. `end`: how long the transaction may take after that. Then the
 * connection counts as lost, since PostgreSQL's own timeouts do not work if PostgreSQL or the network hangs. Together with
 * the wait for a connection, a caller waits at most 10 s for a database that does not answer.
 */
const DEADLINE = { begin: 5_000, end: 10_000 } as const;
/**
 * Resets what outlives a transaction: settings and role of the session, `lastval()`, advisory locks. It is sent in one
 * message with COMMIT, so it takes no extra round trip, and PgBouncer does not give the connection to another client in
 * between. DISCARD ALL would also delete the named statements, and can't run in a transaction.
 */
const CLEAN = 'reset role; reset all; discard sequences; select pg_catalog.pg_advisory_unlock_all()';
/** ROLLBACK itself resets settings and role. */
const ROLL_BACK = 'rollback; discard sequences; select pg_catalog.pg_advisory_unlock_all()';
/** PostgreSQL's code for a statement in a transaction that has failed. */
const FAILED_TRANSACTION = '25P02';
/** One connection, for one transaction at a time. It never reconnects. */
export interface Lane {
  /** Whether the connection is lost. Such a lane can't be used again. */
  readonly lost: boolean;
  /** How many transactions it has begun. */
  readonly transactions: number;
  /** Sends BEGIN together with `first`. */
  begin<Row>(options: BeginOptions<Row>): Promise<Begun<Row>>;
  end(timeout: number): Promise<void>;
}

export interface BeginOptions<Row> {
  readOnly: boolean;
  /** The id of the transaction's tenant, if it has one. */
  share?: string | undefined;
  first?: FirstStatement<Row>;
}

/** An open transaction. */
export interface Begun<Row> {
  tx: Tx;
  /** The rows of `first`. */
  rows: Row[];
  /** Rejects if the connection is lost. postgres.js never settles some queries of a lost connection. */
  loss: Promise<never>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

const dialect = new PgDialect();

/** Opens a lane. It connects on first use. @param name the `application_name` */
export function openLane(url: string, name: string): Lane {
  let lost = false;
  /** The cause of the loss, if it is known. */
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

  // RESET empties the name, and PgBouncer would set the empty name on its next connection.
  const cleanAndCommit = `${CLEAN}; set application_name to '${name.replaceAll("'", "''")}'; commit`;

  const mayName = createNames();

  async function begin<Row>(opening: BeginOptions<Row>): Promise<Begun<Row>> {
    transactions += 1;
    try {
      return await beginOnce(opening);
    } catch (error) {
      // This BEGIN was sent after the COMMIT of a read that had failed. The ROLLBACK of that read has been sent by now.
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
    // TLS removes the listeners of the socket during its handshake. The deadline detects a loss even then.
    let deadline = setTimeout(giveUp, DEADLINE.begin, DEADLINE.begin);

    function assertOpen(): void {
      // A late query of a procedure must not run in the next transaction, which may be another tenant's.
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
      // PostgreSQL rolls back the transaction of a lost connection.
      if (lost) return;
      // A connection that can't roll back is not used again.
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
