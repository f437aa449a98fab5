import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Scope } from '../db/migrations/sets.ts';
import * as lobby from '../db/tables/lobby.ts';
import * as productLobby from '../db/tables/product/lobby.ts';
import * as productTenant from '../db/tables/product/tenant.ts';
import { brokenRules } from '../db/tables/rules.ts';
import * as tenant from '../db/tables/tenant.ts';
import { tellFailure, UsageError } from './failure.ts';

// `bun run db:generate NAME`: generates the product's migrations, for tenants and for the lobby, from its tables.
// --atrium generates Atrium's migrations. --custom SCOPE creates an empty migration for `tenant` or `lobby`, to be written
// by hand.

const USAGE = 'Usage: bun run db:generate [--atrium] [--custom tenant|lobby] NAME';
const SCOPES = ['tenant', 'lobby'] as const;
/** What drizzle-kit prints when it has succeeded. Its exit code is 0 in any case. */
const DONE = /Your SQL migration file|No schema changes|Prepared empty file/;

try {
  const { set, custom, name } = readArguments();
  const broken = brokenBy(set);
  if (broken.length > 0) throw new UsageError(`db:generate: ${broken.join('\ndb:generate: ')}`);
  for (const scope of custom === undefined ? SCOPES : [custom]) generate(scope, set, name, custom !== undefined);
} catch (error) {
  tellFailure(error);
}

function readArguments(): { set: 'atrium' | 'product'; custom: Scope | undefined; name: string } {
  const options = { atrium: { type: 'boolean' }, custom: { type: 'string' } } as const;
  const { values, positionals } = parse(() => parseArgs({ options, allowPositionals: true }));
  const [name = 'change', ...more] = positionals;
  const custom = SCOPES.find((scope) => scope === values.custom);
  if (more.length > 0 || custom !== values.custom) throw new UsageError(USAGE);
  return { set: values.atrium === true ? 'atrium' : 'product', custom, name };
}

function parse<Parsed>(read: () => Parsed): Parsed {
  try {
    return read();
  } catch {
    throw new UsageError(USAGE);
  }
}

function brokenBy(set: 'atrium' | 'product'): string[] {
  return set === 'atrium'
    ? [...brokenRules('tenant', 'atrium', tenant), ...brokenRules('lobby', 'atrium', lobby)]
    : [
        ...brokenRules('tenant', 'product', productTenant, tenant),
        ...brokenRules('lobby', 'product', productLobby, lobby),
      ];
}

/** @throws UsageError if drizzle-kit failed, or could not ask its question without a terminal */
function generate(scope: Scope, set: 'atrium' | 'product', name: string, custom: boolean): void {
  const folder = `db/migrations/${scope}/${set}`;
  const tables = set === 'atrium' ? `db/tables/${scope}.ts` : `db/tables/product/${scope}.ts`;
  const before = new Set(migrationsIn(folder));
  // drizzle-kit asks whether a table or column is new or renamed, and needs a terminal for that.
  const terminal = process.stdin.isTTY && process.stdout.isTTY;
  const options = ['--dialect', 'postgresql', '--schema', tables, '--out', folder, '--name', name];
  const { status, stdout, stderr } = spawnSync(
    'node_modules/.bin/drizzle-kit',
    ['generate', ...options, ...(custom ? ['--custom'] : [])],
    { stdio: terminal ? 'inherit' : ['ignore', 'pipe', 'pipe'], encoding: 'utf8' },
  );
  if (status !== 0 || (!terminal && !DONE.test(stdout))) {
    throw new UsageError(
      `${terminal ? '' : `${stdout}${stderr}\n`}db:generate: drizzle-kit wrote no migration to ${folder}. If it has to ask ` +
        'whether something was renamed, run this command in a terminal, or make two migrations: one that adds and one that removes.',
    );
  }
  const written = migrationsIn(folder).filter((file) => !before.has(file));
  for (const file of written) {
    if (scope === 'tenant') unqualify(`${folder}/${file}`);
    console.log(`db:generate: wrote ${folder}/${file}`);
  }
  if (written.length === 0) console.log(`db:generate: ${folder} is up to date with ${tables}`);
}

function migrationsIn(folder: string): string[] {
  return readdirSync(folder).filter((entry) => entry.endsWith('.sql'));
}

/**
 * Removes schema names. drizzle-kit writes `"public".` into foreign keys and enum types of plain tables (drizzle-orm
 * #4369), but a tenant's migration runs under the tenant's search_path.
 */
function unqualify(path: string): void {
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll('"public".', ''));
}
