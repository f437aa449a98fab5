import { sql as raw } from 'drizzle-orm';
import { afterAll, expect, inject, test } from 'vitest';
import { postgresError } from '../../db/connection/errors.ts';
import { connect, refusal } from '../support/database.ts';
import { allowedOf, probesOf, tablesOf } from './probes.ts';
import { openTenants } from './tenants.ts';

/** Volatile functions that change nothing, or that need an ownership or attribute that no tenant's role has. */
const READS_ONLY = new RegExp(
  `^(${[
    '(amvalidate|array_sample|array_shuffle|clock_timestamp|timeofday|current_query|currtid2|gen_random_uuid|uuidv[47])',
    '(random|random_normal|ts_stat|ts_rewrite|txid_status|(query|cursor)_to_xml.*)',
    // Functions for owners, superusers and roles with REPLICATION.
    '(binary_upgrade_.*|brin_.*|gin_clean_pending_list|pg_(clear|restore)_(relation|attribute)_stats)',
    '(pg_.*(replication|logical)_slot.*|pg_logical_slot_.*|pg_import_system_collations|pg_nextoid)',
    '(pg_stop_making_pinned_objects|pg_extension_config_dump|plpgsql_.*)',
    '(pg_(stat_)?get_.*|pg_stat_(clear_snapshot|force_next_flush)|pg_.*_(size|lsn|status|version|timestamp))',
    '(pg_control_.*|pg_(current|last|is)_.*|pg_(available_)?wal_.*|pg_jit_available|pg_notification_queue_usage)',
    '(pg_partition_(tree|ancestors)|pg_prepared_xact|pg_sequence_last_value|pg_xact_commit_timestamp_origin)',
    '(pg_isolation_test_session_is_blocked|pg_(safe_snapshot_)?blocking_pids)',
  ].join('|')})$`,
);

// What PostgreSQL allows a tenant's role, and so a procedure inside a tenant.
const stack = inject('stack');
const owner = connect(stack.databaseOwnerUrl);
const tenants = await openTenants(stack);
const { ada, ben, app, asAda, enterAda } = tenants;
afterAll(async () => {
  await tenants[Symbol.asyncDispose]();
  await owner[Symbol.asyncDispose]();
});

/** Runs a statement after entering the tenant as a procedure does. */
const insideAda = (text: string): Promise<unknown> =>
  enterAda(({ tx }) => tx.execute(raw.raw(text))).catch((error: unknown) => {
    throw postgresError(error) ?? error;
  });

test("a tenant's role can read and write its own tables except the record of migrations", async () => {
  const probes = (await tablesOf(owner.sql, [ada.schema])).flatMap(probesOf);
  const closed = probes.map(({ what }) => what).filter((what) => what.includes('.atrium_versions'));
  expect(closed).not.toEqual([]);
  const allowed = await allowedOf(probes, asAda);
  expect(allowed).toEqual(probes.map(({ what }) => what).filter((what) => !closed.includes(what)));
});

test("a tenant's role is refused every table of another tenant", async () => {
  const probes = (await tablesOf(owner.sql, [ben.schema])).flatMap(probesOf);
  expect(probes.length).toBeGreaterThan(10);
  expect(await allowedOf(probes, asAda)).toEqual([]);
  expect(await allowedOf(probes, insideAda)).toEqual([]);
});

test("a tenant's role can use no schema but its own and the lobby", async () => {
  const rows = await asAda(`
    select nspname from pg_namespace
    where nspname !~ '^(pg_|information_schema$)' and has_schema_privilege(oid, 'usage') order by 1`);
  expect(rows.map((row) => row['nspname'])).toEqual(['public', ada.schema].toSorted());
  const makers = await asAda(`select nspname from pg_namespace where has_schema_privilege(oid, 'create')`);
  expect(Array.from(makers)).toEqual([]);
});

test("a tenant's role can do nothing in the lobby but insert audit rows and outbox rows", async () => {
  const tables = await tablesOf(owner.sql, ['public']);
  const addable = tables
    .filter(({ name }) => name === 'audit_logs' || name === 'outbox')
    .flatMap(({ name, columns }) => columns.map((column) => `insert public.${name}.${column}`))
    .filter((what) => !/\.(created_at|attempts|next_attempt_at|last_error|set_aside_at)$/.test(what));
  const probes = tables.flatMap(probesOf);
  expect((await allowedOf(probes, asAda)).toSorted()).toEqual(addable.toSorted());
  expect((await allowedOf(probes, insideAda)).toSorted()).toEqual(addable.toSorted());
});

test.each([
  'create table planted (id int)',
  'create table public.planted (id int)',
  'create temp table planted (id int)',
  'create schema planted',
  'create role planted',
  'create view planted as select 1',
  'create sequence planted',
  'create index planted on projects (description)',
  "create function planted() returns int language sql as 'select 1'",
  'create trigger planted before insert on projects execute function suppress_redundant_updates_trigger()',
  'alter table projects add column planted int',
  'alter table projects rename to planted',
  'alter table projects owner to atrium_app',
  'drop table projects',
  'truncate projects',
  "select set_config('role', 'none', true)",
  "select set_config('search_path', 'public', true)",
  "select set_config('atrium.tenant_id', '', false)",
  "update pg_settings set setting = 'none' where name = 'role'",
  "update pg_settings set setting = 'public' where name = 'search_path'",
  'do $$ begin perform 1; end $$',
  'do language sql $$ select 1 $$',
  'set role atrium_owner',
  'set role postgres',
  'select * into planted from projects',
  'insert into atrium_versions (set, version, hash) values ($$product$$, 999, $$x$$)',
  "select pg_read_file('/etc/hostname')",
  "copy projects to program 'true'",
  'select pg_advisory_lock(1)',
  'select pg_advisory_lock_shared(1, 2)',
  'select pg_try_advisory_lock(1)',
  'select pg_try_advisory_xact_lock_shared(1)',
  'select pg_advisory_xact_lock(1, 2)',
  'select lo_create(0)',
  "select lo_from_bytea(0, 'planted')",
  'select setseed(0.5)',
  'select pg_terminate_backend(pg_backend_pid())',
  "select pg_logical_emit_message(false, 'planted', 'x')",
  "select query_to_xml('select pg_advisory_lock(1)', true, true, '')",
])("a tenant's role is refused: %s", async (statement) => {
  const { code, message } = await refusal(asAda(statement));
  expect([code, message]).toEqual(['42501', expect.any(String)]);
});

test("a tenant's role can execute no function of PostgreSQL that changes anything but rows", async () => {
  const rows = await asAda(`
    select distinct proname from pg_proc p
    where pronamespace = 'pg_catalog'::regnamespace and provolatile = 'v' and has_function_privilege(oid, 'execute')
      and 'internal'::regtype <> all(proargtypes) and prorettype not in ('trigger'::regtype, 'internal'::regtype)
    order by 1`);
  const names = rows.map((row) => String(row['proname']));
  expect(names.filter((name) => !READS_ONLY.test(name))).toEqual([
    // For sequences that it may use. The pool resets lastval().
    'currval',
    'lastval',
    'nextval',
    'pg_advisory_unlock',
    'pg_advisory_unlock_all',
    'pg_advisory_unlock_shared',
    // Queueing an outbox row notifies the relay.
    'pg_notify',
    // Limited by the statement timeout.
    'pg_sleep',
    'pg_sleep_for',
    'pg_sleep_until',
    'setval',
  ]);
});

test("one tenant's role cannot SET ROLE to another's on a connection of its own", async () => {
  const rows = await app.sql`
    select r.rolname from pg_roles r
    where r.rolname like 't\\_%' and pg_has_role(${ada.role}::name, r.oid, 'member') and r.rolname <> ${ada.role}`;
  expect(Array.from(rows)).toEqual([]);
});
