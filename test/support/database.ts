import postgres from 'postgres';

/** A connection that `await using` closes. */
export interface TestDatabase extends AsyncDisposable {
  sql: postgres.Sql;
}

/** Connects as the user in the URL; `await using` closes the connection. */
export function connect(url: string, max = 1): TestDatabase {
  const sql = postgres(url, { max, onnotice: () => undefined });
  return { sql, [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }) };
}

/** @returns the URL of PostgreSQL's superuser for the database in `databaseUrl` */
export function superuserUrl({ databaseAdminUrl }: { databaseAdminUrl: string }, databaseUrl: string): string {
  const url = new URL(databaseAdminUrl);
  url.pathname = new URL(databaseUrl).pathname;
  return url.href;
}

/** Runs a statement that must fail. @returns PostgreSQL's error @throws Error if the statement succeeds */
export async function refusal(statement: PromiseLike<unknown>): Promise<postgres.PostgresError> {
  try {
    await statement;
  } catch (error) {
    if (error instanceof postgres.PostgresError) return error;
    throw error;
  }
  throw new Error('PostgreSQL allowed it');
}
