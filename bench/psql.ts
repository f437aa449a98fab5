import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSets } from '../db/migrations/sets.ts';

const APPLY = fileURLToPath(new URL('apply-sql.ts', import.meta.url));
const TIMEOUT_MS = 30_000;

/** Creates the role and schema of another tenant from a file of SQL. `make` returns how long that took, in ms. */
export interface SchemaMaker {
  /** The name of the program that runs the file. */
  program: string;
  make(): Promise<number>;
}

/** @param ownerUrl the URL of the owner role, which the worker also uses */
export function createSchemaMaker(options: { ownerUrl: string; dataDir: string; bun: string }): SchemaMaker {
  const { ownerUrl, dataDir, bun } = options;
  const psql = Bun.which('psql');
  const file = join(dataDir, 'tenant.sql');
  const command =
    psql === null
      ? [bun, '--no-env-file', APPLY, file, ownerUrl]
      : [psql, '--no-psqlrc', '--quiet', '-1', '--set=ON_ERROR_STOP=1', `--file=${file}`, ownerUrl];
  return {
    program: psql === null ? 'one transaction by postgres.js in a process of its own (psql is not there)' : 'psql -1',
    async make() {
      await writeFile(file, tenantSql(crypto.randomUUID(), `tenant_bench_${randomBytes(5).toString('hex')}`));
      const start = performance.now();
      const child = Bun.spawn(command, { stdout: 'ignore', stderr: 'inherit', timeout: TIMEOUT_MS });
      const code = await child.exited;
      const milliseconds = performance.now() - start;
      if (code !== 0) throw new Error('The SQL of a tenant could not be run');
      return milliseconds;
    },
  };
}

/** @returns hand-written SQL with the same result in PostgreSQL as provisioning */
function tenantSql(tenantId: string, schema: string): string {
  const role = `"t_${tenantId}"`;
  const migrations = readSets('tenant').flatMap((set) =>
    set.migrations.flatMap(({ version, hash, sql }) => [
      sql,
      `insert into atrium_versions (set, version, hash) values ('${set.name}', ${version}, '${hash}')`,
    ]),
  );
  const statements = [
    `create role ${role} nologin`,
    `grant tenants to ${role}`,
    `grant ${role} to atrium_app with inherit false, set true`,
    `create schema ${schema}`,
    `comment on schema ${schema} is 'atrium tenant ${tenantId}'`,
    `grant usage on schema ${schema} to ${role}`,
    `set local search_path = ${schema}, pg_temp`,
    'create table atrium_versions (set text, version integer, hash text not null, applied_at timestamptz not null default now(), primary key (set, version))',
    ...migrations,
    `grant select, insert, update, delete on all tables in schema ${schema} to ${role}`,
    `grant usage on all sequences in schema ${schema} to ${role}`,
    `revoke all on atrium_versions from ${role}`,
    `insert into settings (key, value) values ('locale', '"en"'), ('timeZone', '"UTC"')`,
  ];
  return `${statements.join(';\n')};\n`;
}
