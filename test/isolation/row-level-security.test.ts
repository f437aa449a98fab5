import { randomBytes, randomUUID } from 'node:crypto';
import { sql as raw } from 'drizzle-orm';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { enterTenant } from '../../db/entering/enter.ts';
import { postgresError } from '../../db/connection/errors.ts';
import { connect } from '../support/database.ts';
import { openPool } from '../support/pool-open.ts';
import { freshSlug } from '../support/people.ts';
import { doorTo, foundPair, type Housed } from '../support/pool-tenants.ts';
import { waitFor } from '../support/wait.ts';

// In the lobby of a tenant, every table with a tenant column shows only the rows of that tenant.
const stack = inject('stack');
const owner = connect(stack.databaseOwnerUrl);
const { pool, ...open } = openPool(stack.databaseUrl, 2);
let ada: Housed;
let ben: Housed;

beforeAll(async () => {
  [ada, ben] = await foundPair(stack);
  for (const { tenantId, userId } of [ada, ben]) {
    await owner.sql`insert into public.invites ${owner.sql({
      id: randomUUID(),
      tenant_id: tenantId,
      email: 'grace@example.com',
      role: 'member',
      invited_by: userId,
      expires_at: new Date(Date.now() + 60_000),
    })}`;
    await owner.sql`
      insert into public.api_keys (id, tenant_id, name, role, prefix, key_hash, expires_at)
      values (${randomUUID()}, ${tenantId}, 'key', 'member', 'atr_', ${randomBytes(32)}, now())`;
    await owner.sql`insert into public.former_slugs (slug, tenant_id) values (${freshSlug()}, ${tenantId})`;
    await owner.sql`
      insert into public.assumed_identities
        (id, tenant_id, user_id, operator_id, operator_session_id, reason, mode, expires_at)
      select ${randomUUID()}, ${tenantId}, ${userId}, ${userId}, id, 'no reason', 'read', now()
      from public.sessions where user_id = ${userId} limit 1`;
    await waitFor('their log to have seals', async () => {
      const [chain] = await owner.sql`select from public.audit_chains where chain = ${tenantId}`;
      return chain !== undefined;
    });
  }
});
afterAll(async () => {
  await owner[Symbol.asyncDispose]();
  await open[Symbol.asyncDispose]();
});

const inLobby = (text: string): Promise<Record<string, unknown>[]> =>
  enterTenant(pool, doorTo(ada, 'lobby', false), async ({ tx }) => Array.from(await tx.execute(raw.raw(text))));

interface TenantTable {
  name: string;
  /** The column with the tenant of a row. */
  column: string;
  readable: boolean;
  /** Whether the app role may insert rows. */
  writable: boolean;
}

/** @returns the tables with a tenant column */
async function tenantTables(): Promise<TenantTable[]> {
  return await owner.sql<TenantTable[]>`
    select c.relname as name, a.attname as column, has_table_privilege('atrium_app', c.oid, 'select') as readable,
      has_any_column_privilege('atrium_app', c.oid, 'insert') as writable
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = case
      when c.relname = 'tenants' then 'id' when c.relname in ('audit_seals', 'audit_chains') then 'chain' else 'tenant_id' end
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not a.attisdropped order by 1`;
}

test('every table of the lobby with a tenant column has row-level security', async () => {
  const unguarded = await owner.sql`
    select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity`;
  expect(Array.from(unguarded)).toEqual([]);
});

test('a lobby transaction for a tenant sees rows of that tenant only', async () => {
  const tables = await tenantTables();
  expect(tables.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'tenants',
      'user_tenant_membership',
      'sign_ups',
      'refresh_tokens',
      'invites',
      'api_keys',
      'assumed_identities',
      'former_slugs',
      'audit_logs',
      'audit_seals',
      'audit_chains',
    ]),
  );
  for (const { name, column, readable } of tables) {
    if (!readable) continue;
    const [known] = await owner.sql<{ mine: boolean; others: boolean }[]>`
      select bool_or(${owner.sql(column)} = ${ada.tenantId}) as mine, bool_or(${owner.sql(column)} = ${ben.tenantId}) as others
      from public.${owner.sql(name)}`;
    expect(known, `${name} has rows of both to tell apart`).toEqual({ mine: true, others: true });
    const seen = await inLobby(`select distinct "${column}" as tenant from public."${name}"`);
    expect(seen, name).toEqual([{ tenant: ada.tenantId }]);
  }
});

test('a lobby transaction for a tenant can change and delete rows of that tenant only', async () => {
  const reach = `where tenant_id = '${ben.tenantId}' returning 1`;
  expect(await inLobby(`delete from public.user_tenant_membership ${reach}`)).toEqual([]);
  expect(await inLobby(`update public.user_tenant_membership set role = 'member' ${reach}`)).toEqual([]);
  expect(await inLobby(`update public.invites set revoked_at = now() ${reach}`)).toEqual([]);
  expect(await inLobby(`update public.refresh_tokens set used_at = now() ${reach}`)).toEqual([]);
  expect(await inLobby(`update public.tenants set name = 'x' where id = '${ben.tenantId}' returning 1`)).toEqual([]);
});

test('a lobby transaction for a tenant cannot insert a row for another tenant, or for none, into any table', async () => {
  for (const { name, column, writable } of await tenantTables()) {
    for (const tenant of [ben.tenantId, null]) {
      // Row-level security is checked before other constraints, so the row needs no other columns.
      const text = `insert into public."${name}" ("${column}") values (${tenant === null ? 'null' : `'${tenant}'`})`;
      const refused = postgresError(await inLobby(text).catch((error: unknown) => error));
      expect([name, refused?.code, refused?.message]).toEqual([
        name,
        '42501',
        expect.stringContaining(writable ? 'row-level security' : 'permission denied'),
      ]);
    }
  }
});
