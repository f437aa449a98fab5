import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { is } from 'drizzle-orm';
import { getTableConfig, isPgEnum, PgTable } from 'drizzle-orm/pg-core';
import type postgres from 'postgres';
import { expect, inject, test } from 'vitest';
import * as lobby from '../../db/tables/lobby.ts';
import * as productLobby from '../../db/tables/product/lobby.ts';
import * as productTenant from '../../db/tables/product/tenant.ts';
import * as tenant from '../../db/tables/tenant.ts';
import { connect } from '../support/database.ts';
import { signUpTenant } from '../support/people.ts';

// The tables in the code, the migrations, and the database that the migrations create are the same.
const stack = inject('stack');
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

test.each([
  { scope: 'lobby', set: 'atrium', tables: 'db/tables/lobby.ts' },
  { scope: 'lobby', set: 'product', tables: 'db/tables/product/lobby.ts' },
  { scope: 'tenant', set: 'atrium', tables: 'db/tables/tenant.ts' },
  { scope: 'tenant', set: 'product', tables: 'db/tables/product/tenant.ts' },
])('the migrations of the $scope in the set $set are up to date with its tables', async ({ scope, set, tables }) => {
  const folder = await mkdtemp(join(tmpdir(), 'atrium-drift-'));
  try {
    const out = join(folder, set);
    await cp(join(ROOT, 'db/migrations', scope, set), out, { recursive: true });
    const before = await readdir(out, { recursive: true });
    // A relative path, because drizzle-kit treats every path as relative.
    const to = ['--dialect', 'postgresql', '--out', relative(ROOT, out)];
    expect(await drizzleKit('generate', '--schema', tables, ...to)).toContain('No schema changes');
    expect(await readdir(out, { recursive: true })).toEqual(before);
    expect(await drizzleKit('check', ...to)).toContain('Everything');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the migrated lobby and a provisioned tenant have the columns and the enums that the code knows, and no others', async () => {
  const { slug } = await signUpTenant(stack);
  await using owner = connect(stack.databaseOwnerUrl);
  const [home] = await owner.sql<
    { schema: string }[]
  >`select schema_name as schema from public.tenants where slug = ${slug}`;
  for (const [schema, exported] of [
    ['public', { ...lobby, ...productLobby }],
    [home?.schema ?? '', { ...tenant, ...productTenant }],
  ] as const) {
    const known = { columns: columnsOf(exported), enums: enumsOf(exported) };
    const real = await owner.sql.begin(async (tx) => {
      // PostgreSQL then writes the types of this schema without the schema name.
      await tx`select set_config('search_path', quote_ident(${schema}), true)`;
      return {
        known: await inPostgresWords(tx, known.columns),
        columns: await tx<Column[]>`
          select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required
          from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
          where c.relnamespace = ${schema}::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
            and c.relname not in ('atrium_migrations', 'atrium_versions')`,
        enums: await tx<Enum[]>`
          select t.typname as name, array_agg(e.enumlabel::text order by e.enumsortorder) as values
          from pg_type t join pg_enum e on e.enumtypid = t.oid where t.typnamespace = ${schema}::regnamespace group by 1`,
      };
    });
    expect(real.columns.map(inWords).toSorted()).toEqual(real.known.map(inWords).toSorted());
    expect(byName(real.enums)).toEqual(byName(known.enums));
  }
});

interface Column {
  table: string;
  name: string;
  type: string;
  required: boolean;
}

interface Enum {
  name: string;
  values: string[];
}

function columnsOf(exported: object): Column[] {
  return Object.values(exported)
    .filter((value) => is(value, PgTable))
    .flatMap((table) => {
      const { name, columns } = getTableConfig(table);
      return columns.map((column) => ({
        table: name,
        name: column.name,
        type: column.getSQLType(),
        required: column.notNull,
      }));
    });
}

function enumsOf(exported: object): Enum[] {
  return Object.values(exported).flatMap((value: unknown) =>
    isPgEnum(value) ? [{ name: value.enumName, values: [...value.enumValues] }] : [],
  );
}

/** The serial types of drizzle, and the types of their columns. */
const COUNTING: Readonly<Record<string, string>> = {
  smallserial: 'smallint',
  serial: 'integer',
  bigserial: 'bigint',
};

/** @returns the columns with types as PostgreSQL writes them, such as `numeric(10,2)` for `numeric(10, 2)` */
async function inPostgresWords(tx: postgres.TransactionSql, columns: readonly Column[]): Promise<Column[]> {
  return await Promise.all(
    columns.map(async (column) => {
      const type = COUNTING[column.type] ?? column.type;
      const [row] = await tx<{ type: string | null }[]>`
        select format_type(to_regtype(${type}), to_regtypemod(${type})) as type`;
      return { ...column, type: row?.type ?? type };
    }),
  );
}

const inWords = ({ table, name, type, required }: Column): string =>
  `${table}.${name} ${type}${required ? ' not null' : ''}`;

function byName(enums: readonly Enum[]): Record<string, string[]> {
  return Object.fromEntries(enums.map(({ name, values }) => [name, values]));
}

async function drizzleKit(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['node_modules/drizzle-kit/bin.cjs', ...args], { cwd: ROOT });
  return stdout;
}
