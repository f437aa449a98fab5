import { PgDialect } from 'drizzle-orm/pg-core';
import { drizzle, PostgresJsDatabase, PostgresJsSession } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { unreachable } from './errors.ts';

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

/** postgres.js takes the simple protocol for a text without parameters, and that runs several statements in one. */
const EXTENDED_PROTOCOL = { simple: false };
/** What a procedure may send. SET, RESET, COMMIT, DO and their like would lead out of the tenant. */
const ALLOWED = /^\s*(select|insert|update|delete|with|merge)\b/i;

/** One connection, for one transaction at a time. */
export interface Lane {
  /** How many transactions it has had. */
  readonly transactions: number;
  /** Sends BEGIN and, with it, `first`. */
  begin<Row>(readOnly: boolean, first?: FirstStatement<Row>): Promise<Begun<Row>>;
  end(timeout: number): Promise<void>;
}

/** A transaction under way. */
export interface Begun<Row> {
  tx: Tx;
  /** What `first` gave. */
  rows: Row[];
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

const dialect = new PgDialect();

/** Connects on first use, and anew after a loss. */
export function openLane(url: string, name: string): Lane {
  let losses = 0;
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
  // Called for what it does to the client: Drizzle reads times itself.
  drizzle(client);

  async function begin<Row>(readOnly: boolean, first?: FirstStatement<Row>): Promise<Begun<Row>> {
    transactions += 1;
    const lossesBefore = losses;
    let open = true;

    function assertOpen(): void {
      // A query that a procedure left behind must not run in the next one's transaction, which is another tenant's.
      if (!open) throw new Error('The transaction of this Drizzle client is over');
      // postgres.js would run the rest of a transaction on a new connection, outside of it: as another's, or nobody's.
      if (losses !== lossesBefore) throw unreachable(new Error('Connection lost in mid-transaction'));
    }
    const unsafe: typeof client.unsafe = (query, parameters, options) => {
      assertOpen();
      if (!ALLOWED.test(query)) {
        throw new Error(`A procedure may not send this statement: ${query.trimStart().slice(0, 20)}…`);
      }
      return client.unsafe(query, parameters, { ...options, ...EXTENDED_PROTOCOL });
    };
    const guarded = new Proxy(client, {
      get(target, key) {
        if (key === 'unsafe') return unsafe;
        if (key === 'begin') throw new Error('A transaction is already open: use the one at hand');
        const value: unknown = Reflect.get(target, key);
        return value;
      },
    });
    async function finish(command: 'commit' | 'rollback'): Promise<string> {
      assertOpen();
      open = false;
      const result = await client.unsafe(command);
      return result.command;
    }
    async function rollback(): Promise<void> {
      // A lost connection took its transaction with it.
      if (open && losses === lossesBefore) await finish('rollback').catch(() => undefined);
      open = false;
    }

    try {
      const begun = client.unsafe(readOnly ? 'begin read only' : 'begin');
      const answered = first
        ? client.unsafe<(Row & postgres.MaybeRow)[]>(first.text, Array.from(first.values), {
            prepare: true,
            ...EXTENDED_PROTOCOL,
          })
        : [];
      const [, rows] = await Promise.all([begun, answered]);
      assertOpen();
      return {
        tx: new PostgresJsDatabase(dialect, new PostgresJsSession(guarded, dialect, undefined), undefined),
        rows,
        rollback,
        async commit() {
          // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK, and no error.
          if ((await finish('commit')) !== 'COMMIT') throw new Error('The transaction had failed and was rolled back');
        },
      };
    } catch (error) {
      await rollback();
      throw error;
    }
  }

  return {
    begin,
    get transactions() {
      return transactions;
    },
    end: (timeout) => client.end({ timeout }),
  };
}
