import { randomUUID } from 'node:crypto';
import { sql as raw } from 'drizzle-orm';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { writeAudit } from '../../db/audit.ts';
import { enterTenant } from '../../db/enter.ts';
import { postgresError } from '../../db/errors.ts';
import { enqueue } from '../../db/outbox.ts';
import { projects, settings } from '../../db/tenant.ts';
import { connect, refusal } from '../support/database.ts';
import { openPool } from '../support/pool-open.ts';
import { doorTo, foundPair, type Housed } from '../support/pool-tenants.ts';
import { allowedOf, asTenant, probesOf, tablesOf } from './probes.ts';

// What PostgreSQL lets a tenant's role do, and so a procedure that works in the tenant's room.
const stack = inject('stack');
const app = connect(stack.databaseUrl);
const owner = connect(stack.databaseOwnerUrl);
const { pool, ...open } = openPool(stack.databaseUrl, 2);
let ada: Housed;
let ben: Housed;

beforeAll(async () => {
  [ada, ben] = await foundPair(stack);
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await owner[Symbol.asyncDispose]();
  await open[Symbol.asyncDispose]();
});

const asAda = (text: string, parameters?: (string | null)[]) => asTenant(app.sql, ada, text, parameters);
/** The same by the product's own door. */
const insideAda = (text: string): Promise<unknown> =>
  enterTenant(pool, doorTo(ada, 'tenant', false), ({ tx }) => tx.execute(raw.raw(text))).catch((error: unknown) => {
    throw postgresError(error) ?? error;
  });

test("a tenant's role reads and writes its own tables, all but the record of migrations", async () => {
  const probes = (await tablesOf(owner.sql, [ada.schema])).flatMap(probesOf);
  const closed = probes.map(({ what }) => what).filter((what) => what.includes('.atrium_migrations'));
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

test("no schema but its own and the lobby is open to a tenant's role", async () => {
  const rows = await asAda(`
    select nspname from pg_namespace
    where nspname !~ '^(pg_|information_schema$)' and has_schema_privilege(oid, 'usage') order by 1`);
  expect(rows.map((row) => row['nspname'])).toEqual(['public', ada.schema].toSorted());
  const makers = await asAda(`select nspname from pg_namespace where has_schema_privilege(oid, 'create')`);
  expect(Array.from(makers)).toEqual([]);
});

test("a tenant's role may do nothing in the lobby but add audit rows and queue work", async () => {
  const tables = await tablesOf(owner.sql, ['public']);
  const addable = tables
    .filter(({ name }) => name === 'audit_logs' || name === 'outbox')
    .flatMap(({ name, columns }) => columns.map((column) => `insert public.${name}.${column}`))
    .filter((what) => !/\.(created_at|attempts|next_attempt_at|last_error|set_aside_at)$/.test(what));
  const probes = tables.flatMap(probesOf);
  expect((await allowedOf(probes, asAda)).toSorted()).toEqual(addable.toSorted());
  expect((await allowedOf(probes, insideAda)).toSorted()).toEqual(addable.toSorted());
});

test('inside a tenant, plain names are its own tables and the lobby takes its audit row and its work', async () => {
  const undo = new Error('undo');
  const work = enterTenant(pool, doorTo(ada, 'tenant', false), async ({ tx }) => {
    await tx.insert(projects).values({ id: randomUUID(), name: 'Apollo' });
    expect((await tx.select().from(projects)).map(({ name }) => name)).toEqual(['Apollo']);
    expect(await tx.select().from(settings)).not.toEqual([]);
    await writeAudit(tx, auditEntry(ada.tenantId));
    await enqueue(tx, ada.tenantId, mailing());
    const [who] = await tx.execute(raw`select current_user as role, current_setting('search_path') as path`);
    expect(who).toEqual({ role: ada.role, path: `${ada.schema}, pg_temp` });
    throw undo;
  });
  await expect(work).rejects.toBe(undo);
});

test.each(['another tenant', 'the platform'])(
  'an audit row or work for %s is refused by row-level security',
  async (whose) => {
    const tenantId = whose === 'another tenant' ? ben.tenantId : null;
    const audit = enterTenant(pool, doorTo(ada, 'tenant', false), ({ tx }) => writeAudit(tx, auditEntry(tenantId)));
    await expect(audit).rejects.toSatisfy(isRowRefusal);
    const work = enterTenant(pool, doorTo(ada, 'tenant', false), ({ tx }) => enqueue(tx, tenantId, mailing()));
    await expect(work).rejects.toSatisfy(isRowRefusal);
  },
);

test("a tenant's role queues nothing of the kinds that are about the life of a tenant", async () => {
  const work = enterTenant(pool, doorTo(ada, 'tenant', false), ({ tx }) =>
    enqueue(tx, ada.tenantId, { kind: 'tenant.provision', payload: {} }),
  );
  await expect(work).rejects.toSatisfy(isRowRefusal);
});

test.each([
  ['null', `'null'`],
  ['an array', `'[]'`],
  ['a number', `'7'`],
  ['more than 8 KiB', `jsonb_build_object('x', repeat('x', 8200))`],
  ['5 MB', `jsonb_build_object('x', repeat('x', 5000000))`],
])('PostgreSQL takes no outbox row whose payload is %s', async (_, payload) => {
  const { code } = await refusal(
    asAda(`insert into public.outbox (id, tenant_id, kind, payload)
      values (gen_random_uuid(), '${ada.tenantId}', 'email.send', ${payload})`),
  );
  expect(code).toBe('23514');
});

test.each(['', 'email', 'E.mail', 'email.send\u001b[2J', `email.${'x'.repeat(60)}`, 'email..send'])(
  'PostgreSQL takes no outbox row of the kind "%s"',
  async (kind) => {
    const { code } = await refusal(
      asAda(`insert into public.outbox (id, tenant_id, kind, payload) values (gen_random_uuid(), $1, $2, '{}')`, [
        ada.tenantId,
        kind,
      ]),
    );
    expect(code).toBe('23514');
  },
);

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
  'insert into atrium_migrations (version, hash) values (999, $$x$$)',
  "select pg_read_file('/etc/hostname')",
  "copy projects to program 'true'",
])("a tenant's role is refused: %s", async (statement) => {
  const { code, message } = await refusal(asAda(statement));
  expect([code, message]).toEqual(['42501', expect.any(String)]);
});

test("one tenant's role may not act as another's on a connection of its own", async () => {
  const rows = await app.sql`
    select r.rolname from pg_roles r
    where r.rolname like 't\\_%' and pg_has_role(${ada.role}::name, r.oid, 'member') and r.rolname <> ${ada.role}`;
  expect(Array.from(rows)).toEqual([]);
});

function mailing() {
  return { kind: 'email.send', payload: { template: 'invite', inviteId: randomUUID() } } as const;
}

function isRowRefusal(error: unknown): boolean {
  const refused = postgresError(error);
  return refused?.code === '42501' && refused.message.includes('row-level security');
}

function auditEntry(tenantId: string | null) {
  return {
    tenantId,
    action: 'project.create',
    entityType: 'project',
    entityId: null,
    actorType: 'system' as const,
    actorId: null,
    operatorId: null,
    outcome: 'success' as const,
    ipAddress: null,
    userAgent: null,
    requestId: null,
    changes: {},
  };
}
