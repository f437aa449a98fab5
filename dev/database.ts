import { bootstrapDatabase, type DatabaseUrls } from '../db/bootstrap.ts';
import { migrateLobby } from '../db/migrate.ts';
import { seedSuperuser } from '../db/seed-superuser.ts';
import { startPostgres, type PostgresOptions } from './postgres.ts';
import type { Secrets } from './secrets.ts';
import { since } from './wait.ts';

/** Starts PostgreSQL and makes its database ready: roles, the lobby's tables, the platform's operator. */
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
  await migrateLobby(urls.databaseOwnerUrl);
  signal?.throwIfAborted();
  await seedSuperuser(urls.databaseOwnerUrl, superuser);
  log(`database migrated and seeded (${since(start)})`);
  return { ...urls, databaseAdminUrl };
}
