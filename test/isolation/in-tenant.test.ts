import { randomUUID } from 'node:crypto';
import { eq, sql as raw } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { postgresError } from '../../db/connection/errors.ts';
import { createInTenant, TenantGoneError, type InTenant } from '../../db/entering/owner/in-tenant.ts';
import { tenants } from '../../db/tables/lobby.ts';
import { connectOwner, type Owner } from '../../db/connection/owner/connect.ts';
import { enqueue } from '../../db/outbox/enqueue.ts';
import { createPool } from '../../db/connection/pool.ts';
import { createRole, createSchema, migrateTenant, removeHome } from '../../db/tenancy/owner/provision.ts';
import { projects } from '../../db/tables/product/projects.ts';
import { foundPair, type Housed } from '../support/pool-tenants.ts';
import { insertTenant } from '../support/workflow-homes.ts';

// An activity enters a tenant with inTenant. Its statements run as the tenant's role, not as the owner.
const stack = inject('stack');
const pool = createPool(stack.databaseOwnerUrl, { max: 2, name: 'atrium test' });
let owner: Owner;
let inTenant: InTenant;
let ada: Housed;
let ben: Housed;

beforeAll(async () => {
  owner = connectOwner(stack.databaseOwnerUrl, { max: 3, name: 'atrium test' });
  inTenant = createInTenant({ pool, owner });
  [ada, ben] = await foundPair(stack);
});
afterAll(async () => {
  await pool.close();
  await owner.end({ timeout: 5 });
});

test("the first activities of two tenants at the same time each see their own rows of the same ids, under their tenant's role", async () => {
  const id = uuidv7();
  const visit = async (at: Housed) => {
    await inTenant(at.tenantId, (tx) => tx.insert(projects).values({ id, name: at.slug }));
    return await inTenant(at.tenantId, async (tx, { tenant }) => {
      const [who] = await tx.execute(raw`select current_user as role, current_setting('search_path') as path`);
      const found = await tx.select({ name: projects.name }).from(projects).where(eq(projects.id, id));
      return { who, found, tenant };
    });
  };
  const seen = await Promise.all([ada, ben].map(visit));
  expect(seen).toEqual(
    [ada, ben].map(({ tenantId, slug, role, schema }) => ({
      who: { role, path: `${schema}, pg_temp` },
      found: [{ name: slug }],
      tenant: { id: tenantId, slug, name: 'Acme' },
    })),
  );
});

test("an activity's writes, audit row and outbox rows are committed together or not at all", async () => {
  const undo = new Error('undo');
  const [kept, undone] = [uuidv7(), uuidv7()];
  const act = (id: string, end?: Error) =>
    inTenant(ada.tenantId, async (tx, { audit }) => {
      await tx.insert(projects).values({ id, name: id });
      await audit({ action: 'tenant.update', entityType: 'tenant', entityId: id, changes: { name: [null, id] } });
      await enqueue(tx, ada.tenantId, { kind: 'email.send', payload: { template: 'invite', inviteId: randomUUID() } });
      if (end) throw end;
    });
  await act(kept);
  await expect(act(undone, undo)).rejects.toBe(undo);
  const { items } = await ada.client.audit.list.query({ action: 'tenant.update' });
  expect(items.map(({ entityId, actorType, outcome }) => [entityId, actorType, outcome])).toEqual([
    [kept, 'system', 'success'],
  ]);
  await expect(ada.client.projects.get.query({ id: undone })).rejects.toThrow();
  expect(await ada.client.projects.get.query({ id: kept })).toMatchObject({ name: kept });
});

test.each([
  ["another tenant's table by a hand-written name", () => `select * from "${ben.schema}".projects`],
  ['the record of migrations', () => 'select * from atrium_versions'],
  ['the accounts', () => 'select email from public.users'],
  ['the outbox', () => 'select * from public.outbox'],
  ['set_config', () => "select set_config('role', 'none', true)"],
  ["another tenant's audit log", () => auditOf(ben)],
])('inside a tenant an activity is refused %s, like a procedure', async (_, statement) => {
  const work = inTenant(ada.tenantId, (tx) => tx.execute(raw.raw(statement())));
  await expect(work).rejects.toSatisfy((error) => postgresError(error)?.code === '42501');
});

test.each(['reset role', 'set role atrium_owner', 'set search_path = public', 'select 1; reset role', 'commit'])(
  'an activity cannot leave its tenant by: %s',
  async (statement) => {
    await expect(inTenant(ada.tenantId, (tx) => tx.execute(raw.raw(statement)))).rejects.toThrow();
  },
);

test('an activity that uses a Drizzle table of another schema is refused', async () => {
  const work = inTenant(ada.tenantId, (tx) => tx.select().from(tenants));
  await expect(work).rejects.toSatisfy((error) => postgresError(error)?.code === '42501');
});

test('an activity leaves no role or search_path of its tenant on the connection', async () => {
  await inTenant(ada.tenantId, (tx) => tx.select().from(projects));
  const rows = await Promise.all(
    [1, 2].map(() =>
      pool.transaction({ readOnly: true }, (tx) =>
        tx.execute(raw`select current_user as role, current_setting('search_path') as path, pg_sleep(0.05)`),
      ),
    ),
  );
  for (const [row] of rows) {
    expect(row?.['role']).toBe('atrium_owner');
    expect(row?.['path']).not.toContain('tenant_');
  }
});

test.each(['no-id', "' or true --", uuidv7()])('an activity cannot enter a tenant with the id %s', async (id) => {
  await expect(inTenant(id, (tx) => tx.select().from(projects))).rejects.toBeInstanceOf(TenantGoneError);
});

test.each([
  ['provisioning', { reason: 'TENANT_NOT_READY' }],
  ['failed', { reason: 'TENANT_NOT_READY' }],
  ['migrating', { reason: 'TENANT_MIGRATING' }],
  ['suspended', { reason: 'TENANT_SUSPENDED' }],
  ['deleted', { name: 'TenantGoneError' }],
])('an activity cannot enter a tenant that is %s', async (status, refusal) => {
  const { tenantId } = await insertTenant(owner);
  await owner`update public.tenants set status = ${status} where id = ${tenantId}`;
  let worked = false;
  const work = inTenant(tenantId, async () => {
    worked = true;
  });
  await expect(work).rejects.toMatchObject(refusal);
  expect(worked).toBe(false);
});

test('a tenant that activities have entered can be removed', async () => {
  const home = await insertTenant(owner);
  await createRole(owner, home);
  await createSchema(owner, home);
  await migrateTenant(owner, home);
  await owner`update public.tenants set status = 'ready' where id = ${home.tenantId}`;
  expect(await inTenant(home.tenantId, (tx) => tx.select().from(projects))).toEqual([]);
  await owner.begin((tx) => removeHome(tx, home));
  expect(await owner`select from pg_roles where rolname = ${home.dbRole}`).toHaveLength(0);
});

function auditOf({ tenantId }: Housed): string {
  return `insert into public.audit_logs (id, tenant_id, action, entity_type, actor_type, outcome)
    values (gen_random_uuid(), '${tenantId}', 'project.create', 'project', 'system', 'success')`;
}
