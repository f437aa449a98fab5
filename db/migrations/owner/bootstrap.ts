import { readFile } from 'node:fs/promises';
import postgres from 'postgres';
import type { Owner } from '../../connection/owner/connect.ts';

/** The version that `bootstrap.sql` writes into the database. It grows when installations must run the file again. */
const BOOTSTRAP_VERSION = 2;

/** The URLs with which the app's role and the owner log in. */
export interface DatabaseUrls {
  databaseUrl: string;
  databaseOwnerUrl: string;
}

/**
 * Creates the database and its roles, as a superuser of the server. The embedded stack uses it. Repeatable.
 * @param adminUrl logs in as a superuser, in any database of the server
 * @throws Error if the server is unreachable
 */
export async function bootstrapDatabase(
  adminUrl: string,
  options: { database: string; ownerPassword: string; appPassword: string },
): Promise<DatabaseUrls> {
  const server = postgres(adminUrl, { max: 1, onnotice: () => undefined });
  try {
    const [found] = await server`select from pg_database where datname = ${options.database}`;
    if (!found) await server`create database ${server(options.database)}`;
  } finally {
    await server.end();
  }

  const database = postgres(inDatabase(adminUrl, options.database), { max: 1, onnotice: () => undefined });
  try {
    await database.unsafe(await readFile(new URL('bootstrap.sql', import.meta.url), 'utf8'));
    await setPassword(database, 'atrium_owner', options.ownerPassword);
    await setPassword(database, 'atrium_app', options.appPassword);
  } finally {
    await database.end();
  }
  return {
    databaseUrl: asUser(adminUrl, options.database, 'atrium_app', options.appPassword),
    databaseOwnerUrl: asUser(adminUrl, options.database, 'atrium_owner', options.ownerPassword),
  };
}

/**
 * Checks whether the database was created by an older `bootstrap.sql`.
 * @returns what an operator has to do; `undefined` if the database is up to date
 */
export async function tellOutdatedBootstrap(owner: Owner): Promise<string | undefined> {
  const [row] = await owner<{ version: number; database: string }[]>`
    select coalesce(nullif(current_setting('atrium.bootstrap_version', true), '')::int, 1) as version,
      current_database() as database`;
  if (!row || row.version >= BOOTSTRAP_VERSION) return undefined;
  return (
    `bootstrap: the database has version ${row.version}, but this release needs ${BOOTSTRAP_VERSION}. ` +
    `Run db/migrations/owner/bootstrap.sql again in the database ${row.database}, as a superuser. You can do this while servers run.`
  );
}

async function setPassword(sql: postgres.Sql, role: string, password: string): Promise<void> {
  // ALTER ROLE takes no parameters, so PostgreSQL quotes role and password.
  const [row] = await sql<{ statement: string }[]>`
    select format('alter role %I password %L', ${role}::text, ${password}::text) as statement`;
  if (row) await sql.unsafe(row.statement);
}

function inDatabase(url: string, database: string): string {
  const copy = new URL(url);
  copy.pathname = `/${database}`;
  return copy.href;
}

function asUser(url: string, database: string, user: string, password: string): string {
  const copy = new URL(inDatabase(url, database));
  copy.username = user;
  copy.password = encodeURIComponent(password);
  return copy.href;
}
