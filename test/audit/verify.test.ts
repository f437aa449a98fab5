import { randomBytes, randomUUID } from 'node:crypto';
import { getTableColumns } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, expect, inject, test } from 'vitest';
import { SIGNED_COLUMNS } from '../../db/audit/canonical-row.ts';
import { sealAuditRows } from '../../db/audit/owner/seal-rounds.ts';
import { auditLogs } from '../../db/tables/lobby.ts';
import { openScratchLog, sealedLog } from './scratch-log.ts';

// Verification finds each manipulation of the log, even by PostgreSQL's superuser.
const log = await openScratchLog(inject('stack'));
const { superuser } = log;
afterAll(() => log[Symbol.asyncDispose]());

test('every column of a row is signed', () => {
  const columns = Object.values(getTableColumns(auditLogs)).map(({ name }) => name);
  expect(SIGNED_COLUMNS.toSorted()).toEqual(columns.toSorted());
});

test.each(
  Object.entries({
    action: (sql, id) => sql`update public.audit_logs set action = 'project.read' where id = ${id}`,
    entity_type: (sql, id) => sql`update public.audit_logs set entity_type = 'invite' where id = ${id}`,
    entity_id: (sql, id) => sql`update public.audit_logs set entity_id = null where id = ${id}`,
    actor_type: (sql, id) => sql`update public.audit_logs set actor_type = 'system' where id = ${id}`,
    actor_id: (sql, id) => sql`update public.audit_logs set actor_id = gen_random_uuid() where id = ${id}`,
    operator_id: (sql, id) => sql`update public.audit_logs set operator_id = null where id = ${id}`,
    outcome: (sql, id) => sql`update public.audit_logs set outcome = 'denied' where id = ${id}`,
    ip_address: (sql, id) => sql`update public.audit_logs set ip_address = '127.0.0.2' where id = ${id}`,
    user_agent: (sql, id) => sql`update public.audit_logs set user_agent = 'Test' where id = ${id}`,
    request_id: (sql, id) => sql`update public.audit_logs set request_id = request_id || ' ' where id = ${id}`,
    changes: (sql, id) => sql`update public.audit_logs set changes = '{"name": [null, "Artemis"]}' where id = ${id}`,
    created_at: (sql, id) =>
      sql`update public.audit_logs set created_at = created_at + interval '1 millisecond' where id = ${id}`,
    tenant_id: (sql, id) => sql`update public.audit_logs set tenant_id = gen_random_uuid() where id = ${id}`,
    id: (sql, id) => sql`update public.audit_logs set id = gen_random_uuid() where id = ${id}`,
  } satisfies Record<(typeof SIGNED_COLUMNS)[number], (sql: postgres.Sql, id: string) => Promise<unknown>>),
)('a row whose %s was altered is reported', async (_, alter) => {
  const { tenant, third } = await sealedLog(log);
  await alter(superuser, third);
  expect(await log.verify(tenant)).toMatchObject({ valid: false, checked: 2, firstBadId: third });
});

test('the first of many altered rows is reported', async () => {
  const { tenant, ids } = await sealedLog(log);
  await superuser`update public.audit_logs set outcome = 'denied' where id in (${ids[7] ?? ''}, ${ids[4] ?? ''})`;
  expect(await log.verify(tenant)).toMatchObject({ valid: false, checked: 4, firstBadId: ids[4] });
});

test('an altered seal is reported by its row', async () => {
  const { tenant, third } = await sealedLog(log);
  for (const column of ['seal', 'row_mac']) {
    const [was] = await superuser<Record<string, Buffer>[]>`
      update public.audit_seals s set ${superuser(column)} = ${randomBytes(32)}
      from public.audit_seals o where o.audit_id = s.audit_id and s.audit_id = ${third} returning o.*`;
    expect(await log.verify(tenant)).toMatchObject({ valid: false, firstBadId: third });
    await superuser`update public.audit_seals set ${superuser(column)} = ${was?.[column] ?? null} where audit_id = ${third}`;
    expect(await log.verify(tenant)).toMatchObject({ valid: true });
  }
});

test('a log that grew a thousandfold since PostgreSQL last gathered statistics is verified in time', async () => {
  const tenant = randomUUID();
  for (const { name } of await superuser<{ name: string }[]>`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relname like 'audit%' and relkind = 'r'`) {
    await superuser`alter table public.${superuser(name)} set (autovacuum_enabled = off)`;
  }
  await log.write(tenant, 3);
  // Often enough for PostgreSQL to cache its plan.
  for (let round = 0; round < 12; round += 1) await log.verify(tenant);
  await superuser`
    insert into public.audit_logs (id, tenant_id, action, entity_type, actor_type, outcome)
    select uuidv7(), ${tenant}, 'test.grow', 'test', 'system', 'success' from generate_series(1, 20000)`;
  expect(await log.verify(tenant)).toEqual({ valid: true, checked: 0, unsealed: 20_003, firstBadId: null });
  await superuser`delete from public.audit_logs where tenant_id = ${tenant}`;
  await superuser`delete from public.audit_unsealed where chain = ${tenant}`;
});

test('after a rotation of SECRET_KEY old seals still verify, and new ones are made with the new key', async () => {
  const { tenant, ids } = await sealedLog(log);
  const fresh = randomBytes(32);
  const rotated = { current: fresh, all: [fresh, ...log.keys.all] };
  const [next = ''] = await log.write(tenant);
  await log.seal(rotated);
  expect(await log.verify(tenant, rotated)).toMatchObject({ valid: true, checked: 11 });
  expect(await log.verify(tenant)).toMatchObject({ valid: false, firstBadId: next });
  // Without the old key the rows that it sealed cannot be verified.
  expect(await log.verify(tenant, { current: fresh, all: [fresh] })).toMatchObject({
    valid: false,
    firstBadId: ids[0],
  });
});

test('a row of any content is signed the same, whatever settings a session has', async () => {
  const tenant = randomUUID();
  for (const text of ['', ' ', '\u{FEFF}x', '\u2028"\\', 'ß – 漢字 👩‍🚀', '\u0001\u007F', 'a'.repeat(1_200)]) {
    const [id = ''] = await log.write(tenant);
    const changes = superuser.json({ [text]: [[1e21, -0, 0.1], { b: null, a: [true, text] }] });
    await superuser`update public.audit_logs set user_agent = ${text}, changes = ${changes} where id = ${id}`;
  }
  const elsewhere = postgres(log.databaseOwnerUrl, {
    max: 1,
    prepare: false,
    connection: { search_path: '', TimeZone: 'Asia/Kathmandu', DateStyle: 'German, DMY', IntervalStyle: 'iso_8601' },
  });
  expect(await sealAuditRows(elsewhere, log.keys)).toMatchObject({ sealed: 7, full: false });
  await elsewhere.end();
  expect(await log.verify(tenant)).toEqual({ valid: true, checked: 7, unsealed: 0, firstBadId: null });
});
