import { randomUUID } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { expect, inject, test } from 'vitest';
import { enterTenant } from '../../db/entering/enter.ts';
import { auditLogs, invites, memberships, signUps, tenants } from '../../db/tables/lobby.ts';
import { projects } from '../../db/tables/product/projects.ts';
import { connect } from '../support/database.ts';
import { openPool } from '../support/pool-open.ts';
import { doorTo, foundPair, type Housed } from '../support/pool-tenants.ts';

const CALLS = 10_000;
const AT_ONCE = 60;
const stack = inject('stack');

test(
  '10,000 interleaved calls of two tenants on one connection never see a row of the other tenant',
  { timeout: 120_000 },
  async () => {
    const pair = await foundPair(stack);
    await using owner = connect(stack.databaseOwnerUrl);
    const shared = [randomUUID(), randomUUID(), randomUUID()];
    for (const { schema, tenantId } of pair) {
      const rows = shared.map((id) => ({ id, name: id, description: tenantId }));
      await owner.sql`insert into ${owner.sql(schema)}.projects ${owner.sql(rows)}`;
    }
    await using held = openPool(stack.databaseUrl, 1);
    const { pool } = held;

    const undo = new Error('undo');
    const foreign: unknown[] = [];
    const expectOwn = (tenant: Housed, found: (string | null)[]): void => {
      if (found.length === 0 || found.some((id) => id !== tenant.tenantId)) foreign.push([tenant.tenantId, found]);
    };

    const read = (tenant: Housed) =>
      enterTenant(pool, doorTo(tenant, 'tenant'), async ({ tx }) => {
        const rows = await tx.select({ owner: projects.description }).from(projects);
        expectOwn(
          tenant,
          rows.map((row) => row.owner),
        );
      });
    const readLobby = (tenant: Housed, call: number) =>
      enterTenant(pool, doorTo(tenant, 'lobby'), async ({ tx }) => {
        const [table, column] = (
          [
            [tenants, tenants.id],
            [memberships, memberships.tenantId],
            [auditLogs, auditLogs.tenantId],
            [signUps, signUps.tenantId],
          ] as const
        )[call % 4] ?? [invites, invites.tenantId];
        const rows = await tx.select({ owner: column }).from(table);
        expectOwn(
          tenant,
          rows.map((row) => row.owner),
        );
      });
    const write = (tenant: Housed, call: number) =>
      enterTenant(pool, doorTo(tenant, 'tenant', false), async ({ tx }) => {
        const id = randomUUID();
        await tx.insert(projects).values({ id, name: `call ${call}`, description: tenant.tenantId });
        await tx
          .update(projects)
          .set({ updatedAt: new Date() })
          .where(eq(projects.id, shared[call % 3] ?? ''));
        const [gone] = await tx.delete(projects).where(eq(projects.id, id)).returning();
        expectOwn(tenant, [gone?.description ?? null]);
      });
    const fail = (tenant: Housed, call: number) =>
      enterTenant(pool, doorTo(tenant, 'tenant', false), async ({ tx }) => {
        await tx.insert(projects).values({ id: randomUUID(), name: `never ${call}`, description: 'nobody' });
        throw undo;
      }).catch((error: unknown) => {
        if (error !== undo) throw error;
      });
    const failInDatabase = (tenant: Housed) =>
      enterTenant(pool, doorTo(tenant, 'tenant', false), async ({ tx }) => {
        await tx.insert(projects).values({ id: shared[0] ?? '', name: 'taken', description: 'nobody' });
      }).then(
        () => foreign.push('a taken id was taken again'),
        () => undefined,
      );
    const refused = (tenant: Housed, other: Housed) =>
      enterTenant(pool, { ...doorTo(tenant, 'tenant'), slug: other.slug }, async () => {
        foreign.push('entered by another slug');
      }).catch(() => undefined);

    let call = 0;
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (call < CALLS) {
          const mine = call++;
          const [tenant, other] = mine % 2 === 0 ? pair : ([pair[1], pair[0]] as const);
          const kind = (mine >> 1) % 20;
          if (kind < 13) await read(tenant);
          else if (kind < 15) await readLobby(tenant, mine >> 3);
          else if (kind < 17) await write(tenant, mine);
          else if (kind === 17) await fail(tenant, mine);
          else if (kind === 18) await failInDatabase(tenant);
          else await refused(tenant, other);
        }
      }),
    );
    expect(foreign).toEqual([]);
    expect(call).toBe(CALLS);

    for (const { schema, tenantId } of pair) {
      const rows = await owner.sql`select distinct description from ${owner.sql(schema)}.projects`;
      expect(Array.from(rows)).toEqual([{ description: tenantId }]);
    }
    const [left] = await pool.transaction({ readOnly: true }, (tx) =>
      tx.execute(sql`select current_user as "user", current_setting('role') as role, current_setting('search_path') as path,
      current_setting('atrium.tenant_id', true) as tenant`),
    );
    expect(left).toEqual({ user: 'atrium_app', role: 'none', path: '""', tenant: '' });
  },
);
