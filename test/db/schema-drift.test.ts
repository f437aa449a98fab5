import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { is } from 'drizzle-orm';
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
import { expect, inject, test } from 'vitest';
import * as lobby from '../../db/lobby.ts';
import * as tenant from '../../db/tenant.ts';
import { connect } from '../support/database.ts';
import { foundTenant } from '../support/people.ts';

// The tables as the code knows them, the migrations, and the database that these make: one and the same.
const stack = inject('stack');
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

test.each(['lobby', 'tenant'])('the migrations of the %s are up to date with its tables', async (set) => {
  const folder = await mkdtemp(join(tmpdir(), 'atrium-drift-'));
  try {
    const out = join(folder, set);
    await cp(join(ROOT, 'db/migrations', set), out, { recursive: true });
    const before = await readdir(out, { recursive: true });
    // drizzle-kit takes an absolute path for a relative one.
    const to = ['--dialect', 'postgresql', '--out', relative(ROOT, out)];
    expect(await drizzleKit('generate', '--schema', `db/${set}.ts`, ...to)).toContain('No schema changes');
    expect(await readdir(out, { recursive: true })).toEqual(before);
    expect(await drizzleKit('check', ...to)).toContain('Everything');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the migrated lobby and a provisioned tenant have the columns that the code knows, and no others', async () => {
  const { slug } = await foundTenant(stack);
  await using owner = connect(stack.databaseOwnerUrl);
  const [home] = await owner.sql<
    { schema: string }[]
  >`select schema_name as schema from public.tenants where slug = ${slug}`;
  for (const [schema, tables] of [
    ['public', lobby],
    [home?.schema ?? '', tenant],
  ] as const) {
    const known = Object.values(tables)
      .filter((value) => is(value, PgTable))
      .flatMap((table) => {
        const { name, columns } = getTableConfig(table);
        return columns.map(
          (column) => `${name}.${column.name} ${column.getSQLType()}${column.notNull ? ' not null' : ''}`,
        );
      });
    const rows = await owner.sql<{ line: string }[]>`
      select format('%s.%s %s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
        case when a.attnotnull then ' not null' end) as line
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = ${schema}::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'atrium_migrations'`;
    const real = rows.map(({ line }) => line.replace('timestamp(3)', 'timestamp (3)'));
    expect(real.toSorted()).toEqual(known.toSorted());
  }
});

async function drizzleKit(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['node_modules/drizzle-kit/bin.cjs', ...args], { cwd: ROOT });
  return stdout;
}
