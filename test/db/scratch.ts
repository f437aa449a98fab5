import { randomBytes } from 'node:crypto';
import { bootstrapDatabase } from '../../db/migrations/owner/bootstrap.ts';
import { connect } from '../support/database.ts';
import type { SharedStack } from '../support/global-setup.ts';

/** An empty database beside the stack's own, with the same roles. */
export interface ScratchDatabase extends AsyncDisposable {
  databaseUrl: string;
  databaseOwnerUrl: string;
}

/** Makes a database as an operator's first start does; `await using` drops it. */
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

/** Does to a database of this name what an operator's first start does. Its roles keep the passwords of the stack's. */
export async function bootstrapScratch(stack: SharedStack, database: string): ReturnType<typeof bootstrapDatabase> {
  await using admin = connect(stack.databaseAdminUrl);
  // Roles are the whole server's: two at once would trip over each other's changes to them. It ends with the connection.
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
