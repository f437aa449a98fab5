import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

// `bun run db:generate NAME`: writes the migrations from db/lobby.ts and db/tenant.ts to what those files say now.
const [name = 'change'] = process.argv.slice(2);
for (const set of ['lobby', 'tenant']) {
  execFileSync(
    'node_modules/.bin/drizzle-kit',
    ['generate', '--config', `db/drizzle.${set}.config.ts`, '--name', name],
    {
      stdio: 'inherit',
    },
  );
}

// drizzle-kit writes `"public".` into foreign keys and enum types of plain tables (drizzle-orm #4369); a tenant's
// migration runs under the tenant's search_path and must name no schema.
const folder = 'db/migrations/tenant';
for (const file of readdirSync(folder).filter((entry) => entry.endsWith('.sql'))) {
  const path = `${folder}/${file}`;
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll('"public".', ''));
}
