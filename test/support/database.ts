import postgres from 'postgres';

/** A connection that a test ends with its scope. */
export interface TestDatabase extends AsyncDisposable {
  sql: postgres.Sql;
}

/** Connects as whoever the URL names; `await using` closes it. */
export function connect(url: string, max = 1): TestDatabase {
  const sql = postgres(url, { max, onnotice: () => undefined });
  return { sql, [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }) };
}

/** PostgreSQL's own superuser, whom no right stops, in the database that another URL names. */
export function superuserUrl({ databaseAdminUrl }: { databaseAdminUrl: string }, databaseUrl: string): string {
  const url = new URL(databaseAdminUrl);
  url.pathname = new URL(databaseUrl).pathname;
  return url.href;
}

/** Runs a statement and gives PostgreSQL's refusal. @throws Error when it is allowed */
export async function refusal(statement: PromiseLike<unknown>): Promise<postgres.PostgresError> {
  try {
    await statement;
  } catch (error) {
    if (error instanceof postgres.PostgresError) return error;
    throw error;
  }
  throw new Error('PostgreSQL allowed it');
}
