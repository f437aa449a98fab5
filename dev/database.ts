import { bootstrapDatabase, type DatabaseUrls } from '../db/migrations/owner/bootstrap.ts';
import { migrateFleet } from '../db/tenancy/owner/fleet.ts';
import { MigrationError } from '../db/migrations/owner/errors.ts';
import { migrateLobby } from '../db/migrations/owner/migrate.ts';
import { connectOwner } from '../db/connection/owner/connect.ts';
import { seedSuperuser } from '../db/identity/owner/seed-superuser.ts';
import { StackError } from './error.ts';
import { startPostgres, type PostgresOptions } from './postgres.ts';
import type { Secrets } from './secrets.ts';
import { since } from './wait.ts';

/**
 * Starts PostgreSQL and prepares its database: the roles, the tables of the lobby and of every tenant, and the superuser
 * of the platform. If a tenant cannot be migrated, that is logged and the others are still migrated.
 * @throws StackError when the lobby's migrations don't match the applied ones
 */
export async function startDatabase(
  options: Omit<PostgresOptions, 'password'> & {
    secrets: Secrets;
    superuser: { email: string; password: string };
  },
): Promise<DatabaseUrls & { databaseAdminUrl: string }> {
  const { secrets, superuser, log, signal } = options;
  const databaseAdminUrl = await startPostgres({ ...options, password: secrets.postgresPassword });
  const start = performance.now();
  const urls = await bootstrapDatabase(databaseAdminUrl, {
    database: 'atrium',
    ownerPassword: secrets.ownerPassword,
    appPassword: secrets.appPassword,
  });
  signal?.throwIfAborted();
  await migrateLobby(urls.databaseOwnerUrl).catch((error: unknown) => {
    throw error instanceof MigrationError ? new StackError(error.message) : error;
  });
  signal?.throwIfAborted();
  const tenants = await migrateTenants(urls.databaseOwnerUrl, log);
  signal?.throwIfAborted();
  await seedSuperuser(urls.databaseOwnerUrl, superuser);
  log(`database${tenants > 0 ? ` and ${tenants} tenants` : ''} migrated and seeded (${since(start)})`);
  return { ...urls, databaseAdminUrl };
}

/** @returns the number of migrated tenants */
async function migrateTenants(ownerUrl: string, log: (line: string) => void): Promise<number> {
  const owner = connectOwner(ownerUrl, { max: 1, name: 'atrium dev' });
  try {
    const { migrated, failed } = await migrateFleet(owner);
    for (const { item, error } of failed) {
      log(`tenant ${item} was not migrated: ${error instanceof Error ? error.message : String(error)}`);
    }
    return migrated;
  } finally {
    await owner.end();
  }
}
