import { MIGRATE_SETTINGS, parseEnv, withLocalDefaults } from '../core/env/index.ts';
import { tellOutdatedBootstrap } from '../db/migrations/owner/bootstrap.ts';
import { fitRolesToCitus } from '../db/tenancy/owner/citus.ts';
import { migrateFleet } from '../db/tenancy/owner/fleet.ts';
import { migrateLobby } from '../db/migrations/owner/migrate.ts';
import { connectOwner } from '../db/connection/owner/connect.ts';
import { messageFor, tellFailure } from './failure.ts';

// `bun run migrate`: migrates the lobby, then every tenant, to the newest version.
try {
  const env = parseEnv(withLocalDefaults(process.env), MIGRATE_SETTINGS);
  await migrateLobby(env.DATABASE_OWNER_URL);
  console.log('lobby: migrated to the newest version');
  const owner = connectOwner(env.DATABASE_OWNER_URL, { max: 2, name: 'atrium migrate' });
  try {
    const outdated = await tellOutdatedBootstrap(owner);
    if (outdated !== undefined) console.error(outdated);
    const roles = await fitRolesToCitus(owner);
    if (roles.changed > 0) {
      console.log(
        `roles: ${roles.changed} tenant roles ${roles.citus ? 'may now log in, because Citus is installed' : 'may no longer log in'}`,
      );
    }
    const { migrated, failed } = await migrateFleet(owner);
    console.log(`tenants: ${migrated} migrated, ${failed.length} failed`);
    for (const { item, tenantId, error } of [...roles.failed, ...failed])
      console.error(`  ${item} (${tenantId}): ${messageFor(error)}`);
    if (roles.failed.length + failed.length > 0) process.exitCode = 1;
  } finally {
    await owner.end();
  }
} catch (error) {
  tellFailure(error);
}
