import { randomBytes } from 'node:crypto';
import { bootstrapDatabase } from '../../db/migrations/owner/bootstrap.ts';
import { connect } from '../support/database.ts';
import type { SharedStack } from '../support/global-setup.ts';

/** An empty database in the stack's PostgreSQL, with the same roles. */
export interface ScratchDatabase extends AsyncDisposable {
  databaseUrl: string;
  databaseOwnerUrl: string;
}

/** Creates a database as the first start of an operator does; `await using` drops it. */
export async function scratchDatabase(stack: SharedStack): Promise<ScratchDatabase> {
  const database = `scratch_${randomBytes(5).toString('hex')}`;
  const urls = await bootstrapScratch(stack, database);
  return {
    ...urls,
    async [Symbol.asyncDispose]() {
      await using admin = connect(stack.databaseAdminUrl);
      await admin.sql`drop database ${admin.sql(database)} with (force)`;
    },
  };
}

/** Bootstraps a database as the first start of an operator does. The roles keep their passwords. */
export async function bootstrapScratch(stack: SharedStack, database: string): ReturnType<typeof bootstrapDatabase> {
  await using admin = connect(stack.databaseAdminUrl);
  // Roles belong to the whole server, so two bootstraps must not change them at once. The lock ends with the connection.
  await admin.sql`select pg_advisory_lock(hashtextextended('scratch database', 0))`;
  return await bootstrapDatabase(stack.databaseAdminUrl, {
    database,
    ownerPassword: passwordOf(stack.databaseOwnerUrl),
    appPassword: passwordOf(stack.databaseUrl),
  });
}

function passwordOf(url: string): string {
  return decodeURIComponent(new URL(url).password);
}
