import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

// `bun run db:generate NAME`: writes the migrations from db/tables/lobby.ts and db/tables/tenant.ts to what those files say now.

/** What drizzle-kit says at the end, if it has done what it was asked for: it ends with 0 in any case. */
const DONE = /Your SQL migration file|No schema changes/;

const [name = 'change'] = process.argv.slice(2);
for (const set of ['lobby', 'tenant']) {
  if (!generate(set)) process.exit(1);
}

// drizzle-kit writes `"public".` into foreign keys and enum types of plain tables (drizzle-orm #4369); a tenant's
// migration runs under the tenant's search_path and must name no schema.
const folder = 'db/migrations/tenant/product';
for (const file of readdirSync(folder).filter((entry) => entry.endsWith('.sql'))) {
  const path = `${folder}/${file}`;
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll('"public".', ''));
}

/** @returns whether the set is at what the tables say */
function generate(set: string): boolean {
  // It asks whether a table or column is a new one or has a new name, and needs a terminal for that.
  const terminal = process.stdin.isTTY && process.stdout.isTTY;
  const { status, stdout, stderr } = spawnSync(
    'node_modules/.bin/drizzle-kit',
    ['generate', '--config', `db/drizzle.${set}.config.ts`, '--name', name],
    { stdio: terminal ? 'inherit' : ['ignore', 'pipe', 'pipe'], encoding: 'utf8' },
  );
  if (terminal) return status === 0;
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  if (status === 0 && DONE.test(stdout)) return true;
  console.error(
    `db:generate: drizzle-kit wrote no migration for the set ${set}. If it has to ask whether something was renamed, ` +
      'run this command in a terminal, or make two migrations: one that adds and one that removes.',
  );
  return false;
}
