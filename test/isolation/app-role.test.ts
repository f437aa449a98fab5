import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect, refusal } from '../support/database.ts';
import { foundPair, type Housed } from '../support/pool-tenants.ts';
import { allowedOf, probesOf, tablesOf, type Probe } from './probes.ts';

// What the server's login role can do with plain SQL, without Atrium's code.
const stack = inject('stack');
const app = connect(stack.databaseUrl);
const owner = connect(stack.databaseOwnerUrl);
let ada: Housed;
let ben: Housed;

beforeAll(async () => {
  [ada, ben] = await foundPair(stack);
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await owner[Symbol.asyncDispose]();
});

const send = (text: string): Promise<unknown> => app.sql.unsafe(text);
const lobbyProbes = async (): Promise<Probe[]> => (await tablesOf(owner.sql, ['public'])).flatMap(probesOf);

test('the app role is refused every table of a tenant', async () => {
  const tables = await tablesOf(owner.sql, [ada.schema, ben.schema]);
  expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['projects', 'settings', 'atrium_versions']));
  expect(await allowedOf(tables.flatMap(probesOf), send)).toEqual([]);
});

test('the app role can use no schema but the lobby, whoever created it', async () => {
  const open = await app.sql`
    select nspname from pg_namespace
    where nspname !~ '^(pg_|information_schema$)' and nspname <> 'public'
      and (has_schema_privilege(oid, 'usage') or has_schema_privilege(oid, 'create'))`;
  expect(Array.from(open)).toEqual([]);
});

test('the app role can insert into the audit log and read it, and nothing else', async () => {
  const probes = (await lobbyProbes()).filter(({ what }) => what.includes(' public.audit_logs'));
  const allowed = await allowedOf(probes, send);
  expect(allowed.filter((what) => !/^(select|insert) /.test(what))).toEqual([]);
  // Only the database sets the time of a row.
  expect(allowed).not.toContain('insert public.audit_logs.created_at');
  expect((await refusal(app.sql`truncate public.audit_logs`)).code).toBe('42501');
  expect((await refusal(app.sql`select from public.audit_logs for update`)).code).toBe('42501');
});

test('the app role cannot change who is a superuser, nor the schema and role of a tenant', async () => {
  const allowed = await allowedOf(await lobbyProbes(), send);
  expect(allowed).toEqual(
    expect.arrayContaining(['insert public.tenants.schema_name', 'insert public.tenants.db_role']),
  );
  for (const what of [
    'insert public.users.is_superuser',
    'update public.users.is_superuser',
    'update public.tenants.id',
    'update public.tenants.schema_name',
    'update public.tenants.db_role',
    'update public.tenants.schema_version',
    'update public.tenants.atrium_version',
    'update public.tenants.product_version',
    'update public.tenants.extension_versions',
  ]) {
    expect(allowed).not.toContain(what);
  }
  const changes = allowed.filter((what) => / public\.atrium_(migrations|versions)/.test(what));
  expect(changes.filter((what) => !what.startsWith('select '))).toEqual([]);
});

test('the app role can insert outbox rows, and cannot read, change or delete them', async () => {
  const allowed = await allowedOf(await lobbyProbes(), send);
  const queue = allowed.filter((what) => what.includes(' public.outbox'));
  expect(queue.filter((what) => !what.startsWith('insert '))).toEqual([]);
});

test('the app role can truncate no table of the lobby', async () => {
  const open = await app.sql`
    select relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and has_table_privilege(oid, 'truncate, trigger, references')`;
  expect(Array.from(open)).toEqual([]);
});

test.each([
  'create table public.planted (id int)',
  'create temp table planted (id int)',
  'create schema planted',
  'create role planted',
  "create function public.planted() returns int language sql as 'select 1'",
  'create view public.planted as select 1',
  'create sequence public.planted',
  'create policy planted on public.tenants to atrium_app using (true)',
  'alter table public.tenants disable row level security',
  'alter table public.users add column planted int',
  'alter table public.audit_logs owner to atrium_app',
  'alter policy app on public.tenants using (true)',
  'alter role atrium_app superuser',
  'alter role atrium_app bypassrls',
  'alter role atrium_app createrole',
  'alter role atrium_owner password null',
  'alter schema public rename to planted',
  'drop table public.audit_logs',
  'drop schema public cascade',
  'drop policy app on public.tenants',
  'drop role tenants',
  'grant atrium_owner to atrium_app',
  'create index planted on public.users (email)',
  'do $$ begin perform 1; end $$',
  'set role atrium_owner',
  'set role postgres',
  'set session authorization postgres',
  'set session_replication_role = replica',
  "copy public.sign_ups to program 'true'",
  "select pg_read_file('/etc/hostname')",
])('the app role is refused: %s', async (statement) => {
  // Rolled back in case it is allowed.
  const attempt = app.sql.begin(async (tx) => {
    await tx.unsafe(statement);
    throw new Error('PostgreSQL allowed it');
  });
  const { code, message } = await refusal(attempt);
  expect([code, message]).toEqual(['42501', expect.any(String)]);
});

test('the app role cannot create a database or change a setting of the server', async () => {
  expect((await refusal(app.sql`create database planted`)).code).toBe('42501');
  expect((await refusal(app.sql`alter system set log_statement = none`)).code).toBe('42501');
});

test("neither the app role nor a tenant's role can grant its rights to others", async () => {
  // A GRANT without the right to grant is only a warning, so the catalog is checked.
  const handed = await owner.sql`
    select c.relname, r.rolname from pg_class c
    cross join lateral aclexplode(c.relacl) acl join pg_roles r on r.oid = acl.grantee
    where acl.is_grantable and r.rolname in ('atrium_app', 'tenants', ${ada.role}, ${ben.role})`;
  expect(Array.from(handed)).toEqual([]);
});

test("the app role cannot change, drop or give away a tenant's role or schema", async () => {
  for (const statement of [
    `drop role "${ada.role}"`,
    `alter role "${ada.role}" login`,
    `grant "${ada.role}" to "${ben.role}"`,
    `drop schema "${ada.schema}" cascade`,
    `create table "${ada.schema}".planted (id int)`,
    `alter table "${ada.schema}".projects add column planted int`,
    `drop table "${ada.schema}".projects`,
  ]) {
    expect((await refusal(app.sql.unsafe(statement))).code, statement).toBe('42501');
  }
});

test.each([
  ['expires_at', 'infinity'],
  ['ended_at', 'infinity'],
  ['ended_at', '-infinity'],
  ['created_at', '20000-01-01Z'],
])('PostgreSQL refuses an assumed identity whose %s is %s, which no reader could show', async (column, time) => {
  const row = { expires_at: 'now()', ended_at: 'now()', created_at: 'now()', [column]: `'${time}'` };
  const { code } = await refusal(
    owner.sql.unsafe(`
      insert into public.assumed_identities (id, tenant_id, user_id, operator_id, operator_session_id, reason, mode,
        ${Object.keys(row).join(', ')})
      select id, id, id, id, id, 'test', 'read', ${Object.values(row).join(', ')} from (select gen_random_uuid() as id) i`),
  );
  expect(code).toBe('23514');
});
