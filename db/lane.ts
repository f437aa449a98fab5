import { connect, type Socket } from 'node:net';
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

/**
 * The extended protocol, also for a text without parameters: the simple one runs several statements in one text. And
 * prepared: else postgres.js asks for a description first, which is a round trip more. One text is one statement for
 * all tenants: PostgreSQL plans it anew where the search_path has changed.
 */
const PREPARED = { simple: false, prepare: true };
/** What a procedure may send. SET, RESET, COMMIT, DO and their like would lead out of the tenant. */
const ALLOWED = /^\s*(select|insert|update|delete|with|merge)\b/i;

/** One connection, for one transaction at a time. It ends with its connection. */
export interface Lane {
  /** Whether the connection is gone: such a lane is of no more use. */
  readonly lost: boolean;
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
  /** Rejects if the connection is lost. postgres.js leaves some queries of a lost connection without an answer. */
  loss: Promise<never>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

const dialect = new PgDialect();

/** Connects on first use, once. */
export function openLane(url: string, name: string): Lane {
  let lost = false;
  let onLoss: () => void = () => undefined;
  let opened = false;
  let transactions = 0;

  function lose(): void {
    lost = true;
    onLoss();
  }
  const options = {
    max: 1,
    // A connection that ended by itself in mid-transaction would take the transaction with it.
    max_lifetime: null,
    idle_timeout: 0,
    connect_timeout: 10,
    fetch_types: false,
    onnotice: () => undefined,
    onclose: lose,
    connection: { application_name: name },
    // postgres.js would connect anew, and run what is left of a transaction there: as another's, or nobody's.
    socket({ host, port, path }: { host: string[]; port: number[]; path?: string | false }): Socket {
      if (opened) throw unreachable(new Error('A lane connects once'));
      opened = true;
      const socket = path ? connect(path) : connect(port[0] ?? 5432, host[0]);
      // Heard here before postgres.js: between a socket's error and its close it takes more queries, and forgets them.
      return socket.once('error', lose).once('close', lose);
    },
  };
  const client = postgres(url, options);
  // Called for what it does to the client: Drizzle reads times itself.
  drizzle(client);

  async function begin<Row>(readOnly: boolean, first?: FirstStatement<Row>): Promise<Begun<Row>> {
    transactions += 1;
    let open = true;
    const loss = new Promise<never>((_, reject) => {
      onLoss = () => reject(unreachable(new Error('Connection lost in mid-transaction')));
    });
    loss.catch(() => undefined);
    if (lost) onLoss();

    function assertOpen(): void {
      // A query that a procedure left behind must not run in the next one's transaction, which is another tenant's.
      if (!open) throw new Error('The transaction of this Drizzle client is over');
      if (lost) throw unreachable(new Error('Connection lost in mid-transaction'));
    }
    const unsafe: typeof client.unsafe = (query, parameters, queryOptions) => {
      assertOpen();
      if (!ALLOWED.test(query)) {
        throw new Error(`A procedure may not send this statement: ${query.trimStart().slice(0, 20)}…`);
      }
      return client.unsafe(query, parameters, { ...queryOptions, ...PREPARED });
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
      const result = await Promise.race([client.unsafe(command), loss]);
      return result.command;
    }
    async function rollback(): Promise<void> {
      // A lost connection took its transaction with it.
      if (open && !lost) await finish('rollback').catch(() => undefined);
      open = false;
    }

    try {
      const begun = client.unsafe(readOnly ? 'begin read only' : 'begin');
      const answered = first
        ? client.unsafe<(Row & postgres.MaybeRow)[]>(first.text, Array.from(first.values), {
            ...PREPARED,
          })
        : [];
      const [, rows] = await Promise.race([Promise.all([begun, answered]), loss]);
      assertOpen();
      return {
        tx: new PostgresJsDatabase(dialect, new PostgresJsSession(guarded, dialect, undefined), undefined),
        rows,
        loss,
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
    get lost() {
      return lost;
    },
    get transactions() {
      return transactions;
    },
    end: (timeout) => client.end({ timeout }),
  };
}
