import { EnvError, MIGRATE_SETTINGS, parseEnv, withLocalDefaults } from '../core/env/index.ts';
import { isConnectionError, unreachable } from '../db/errors.ts';
import { migrateFleet } from '../db/fleet.ts';
import { migrateLobby } from '../db/migrate.ts';
import { connectOwner } from '../db/owner.ts';

// `bun run migrate`: brings the lobby, then every tenant, to the newest version.
try {
  const env = parseEnv(withLocalDefaults(process.env), MIGRATE_SETTINGS);
  await migrateLobby(env.DATABASE_OWNER_URL);
  console.log('lobby: at the newest version');
  const owner = connectOwner(env.DATABASE_OWNER_URL, { max: 2, name: 'atrium migrate' });
  try {
    const { migrated, failed } = await migrateFleet(owner);
    console.log(`tenants: ${migrated} migrated, ${failed.length} failed`);
    for (const { slug, error } of failed) console.error(`  ${slug}: ${String(error)}`);
    if (failed.length > 0) process.exitCode = 1;
  } finally {
    await owner.end();
  }
} catch (error) {
  if (error instanceof EnvError) console.error(error.message);
  else console.error(isConnectionError(error) ? unreachable(error).message : error);
  process.exitCode = 1;
}
