import { randomBytes, randomUUID } from 'node:crypto';
import { getTableColumns } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, expect, inject, test } from 'vitest';
import { SIGNED_COLUMNS } from '../../db/audit/canonical-row.ts';
import { createAuditClock } from '../../db/audit/owner/transaction-clock.ts';
import { sealAuditRows } from '../../db/audit/owner/seal-rounds.ts';
import { auditLogs } from '../../db/tables/lobby.ts';
import { openScratchLog } from './scratch-log.ts';

// Verification finds each manipulation of the log, even by PostgreSQL's superuser.
const log = await openScratchLog(inject('stack'));
const { superuser } = log;
afterAll(() => log[Symbol.asyncDispose]());

/** Writes a log of ten sealed rows. */
async function sealedLog(): Promise<{ tenant: string; ids: string[]; third: string }> {
  const tenant = randomUUID();
  const ids = await log.write(tenant, 10);
  await log.seal();
  expect(await log.verify(tenant)).toEqual({ valid: true, checked: 10, unsealed: 0, firstBadId: null });
  return { tenant, ids, third: ids[2] ?? '' };
}

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
  const { tenant, third } = await sealedLog();
  await alter(superuser, third);
  expect(await log.verify(tenant)).toMatchObject({ valid: false, checked: 2, firstBadId: third });
});

test('the first of many altered rows is reported', async () => {
  const { tenant, ids } = await sealedLog();
  await superuser`update public.audit_logs set outcome = 'denied' where id in (${ids[7] ?? ''}, ${ids[4] ?? ''})`;
  expect(await log.verify(tenant)).toMatchObject({ valid: false, checked: 4, firstBadId: ids[4] });
});

test('a deleted row is reported, the newest as well as any other', async () => {
  for (const at of [0, 5, 9]) {
    const { tenant, ids } = await sealedLog();
    await superuser`delete from public.audit_logs where id = ${ids[at] ?? ''}`;
    expect(await log.verify(tenant)).toMatchObject({ valid: false, firstBadId: ids[at] });
  }
});

test('the newest rows are reported as missing when they are deleted together with their seals', async () => {
  const { tenant, ids } = await sealedLog();
  await superuser`delete from public.audit_logs where id in ${superuser(ids.slice(7))}`;
  await superuser`delete from public.audit_seals where audit_id in ${superuser(ids.slice(7))}`;
  expect(await log.verify(tenant)).toMatchObject({ valid: false, checked: 7, firstBadId: ids[9] });
  // Setting the end of the chain back needs a signature that was overwritten.
  await superuser`
    update public.audit_chains c set sequence = s.sequence, audit_id = s.audit_id, seal = s.seal
    from public.audit_seals s where s.chain = c.chain and s.sequence = 7 and c.chain = ${tenant}`;
  expect(await log.verify(tenant)).toMatchObject({ valid: false, firstBadId: ids[6] });
  await superuser`delete from public.audit_chains where chain = ${tenant}`;
  expect(await log.verify(tenant)).toMatchObject({ valid: false, firstBadId: ids[0] });
});

test('a recorded end that was set back is still reported after newer rows are sealed', async () => {
  const { tenant, ids } = await sealedLog();
  await superuser`delete from public.audit_logs where id in ${superuser(ids.slice(7))}`;
  await superuser`delete from public.audit_seals where audit_id in ${superuser(ids.slice(7))}`;
  await superuser`
    update public.audit_chains c set sequence = s.sequence, audit_id = s.audit_id, seal = s.seal
    from public.audit_seals s where c.chain = ${tenant} and s.chain = c.chain and s.sequence = 7`;
  expect(await log.verify(tenant)).toMatchObject({ valid: false });
  const [next] = await log.write(tenant, 2);
  await log.seal();
  await log.write(tenant);
  await log.seal();
  expect(await log.verify(tenant)).toMatchObject({ valid: false, checked: 7, firstBadId: next });
});

test('a row deleted together with its seal is reported, also when the later places are renumbered', async () => {
  const { tenant, ids, third } = await sealedLog();
  await superuser`delete from public.audit_logs where id = ${third}`;
  await superuser`delete from public.audit_seals where audit_id = ${third}`;
  expect(await log.verify(tenant)).toMatchObject({ valid: false, firstBadId: ids[3] });
  for (const id of ids.slice(3)) {
    await superuser`update public.audit_seals set sequence = sequence - 1 where audit_id = ${id}`;
  }
  expect(await log.verify(tenant)).toMatchObject({ valid: false, firstBadId: ids[3] });
});

test('an altered seal is reported by its row', async () => {
  const { tenant, third } = await sealedLog();
  for (const column of ['seal', 'row_mac']) {
    const [was] = await superuser<Record<string, Buffer>[]>`
      update public.audit_seals s set ${superuser(column)} = ${randomBytes(32)}
      from public.audit_seals o where o.audit_id = s.audit_id and s.audit_id = ${third} returning o.*`;
    expect(await log.verify(tenant)).toMatchObject({ valid: false, firstBadId: third });
    await superuser`update public.audit_seals set ${superuser(column)} = ${was?.[column] ?? null} where audit_id = ${third}`;
    expect(await log.verify(tenant)).toMatchObject({ valid: true });
  }
});

test('two rows that were swapped are reported', async () => {
  const { tenant, ids } = await sealedLog();
  for (const [from, to] of [
    [3, 30],
    [4, 3],
    [30, 4],
  ] as const) {
    await superuser`update public.audit_seals set sequence = ${to} where chain = ${tenant} and sequence = ${from}`;
  }
  expect(await log.verify(tenant)).toMatchObject({ valid: false, firstBadId: ids[3] });
});

test("a row that was copied with its seal into another tenant's log is reported", async () => {
  const [mine, theirs] = [await sealedLog(), await sealedLog()];
  await superuser`delete from public.audit_seals where audit_id = ${mine.third}`;
  await superuser`delete from public.audit_logs where id = ${mine.third}`;
  await superuser`update public.audit_logs set tenant_id = ${mine.tenant} where id = ${theirs.third}`;
  await superuser`update public.audit_seals set chain = ${mine.tenant} where audit_id = ${theirs.third}`;
  expect(await log.verify(mine.tenant)).toMatchObject({ valid: false, checked: 2, firstBadId: theirs.third });
});

test('a row inserted with an invented seal is reported', async () => {
  const { tenant } = await sealedLog();
  const [id = ''] = await log.write(tenant);
  await superuser`delete from public.audit_unsealed where audit_id = ${id}`;
  await superuser`
    insert into public.audit_seals (chain, sequence, audit_id, audit_created_at, row_mac, seal)
    select ${tenant}, 11, id, created_at, ${randomBytes(32)}, ${randomBytes(32)} from public.audit_logs where id = ${id}`;
  expect(await log.verify(tenant)).toMatchObject({ valid: false, checked: 10, firstBadId: id });
});

test('a row that is inserted to block one chain stops the verification of no chain', async () => {
  const [one, other] = [await sealedLog(), await sealedLog()];
  const [id = ''] = await log.write(one.tenant);
  await superuser`
    insert into public.audit_seals (chain, sequence, audit_id, audit_created_at, row_mac, seal)
    select ${one.tenant}, 12, id, created_at, ${randomBytes(32)}, ${randomBytes(32)} from public.audit_logs where id = ${id}`;
  await superuser`update public.audit_chains set sequence = 5 where chain = ${one.tenant}`;
  await log.write(one.tenant);
  await log.write(other.tenant);
  expect(await log.seal()).toBe(3);
  expect(await log.seal()).toBe(0);
  expect(await log.verify(one.tenant)).toMatchObject({ valid: false, unsealed: 0, firstBadId: id });
  expect(await log.verify(other.tenant)).toMatchObject({ valid: true, checked: 11 });
});

test('a seal or an end with too large a place is reported, and stops no log', async () => {
  const [one, two, other] = [await sealedLog(), await sealedLog(), await sealedLog()];
  await superuser`update public.audit_seals set sequence = 9007199254740990 where audit_id = ${one.third}`;
  await superuser`update public.audit_chains set sequence = 9007199254740990 where chain = ${two.tenant}`;
  for (const { tenant } of [one, two]) expect(await log.verify(tenant)).toMatchObject({ valid: false });
  for (const { tenant } of [one, two, other]) await log.write(tenant);
  expect(await log.seal()).toBe(3);
  expect(await log.verify(one.tenant)).toMatchObject({ valid: false, unsealed: 0 });
  // If only the end of a chain was moved, the next seal repairs it, because no row is missing.
  for (const { tenant } of [two, other]) {
    expect(await log.verify(tenant)).toEqual({ valid: true, checked: 11, unsealed: 0, firstBadId: null });
  }
});

test.each(['7 days', '50 minutes', '2 minutes'])(
  'a row inserted as if it were %s old is reported, though it is sealed, because of the rows before it',
  async (age) => {
    const { tenant, third } = await sealedLog();
    const id = randomUUID();
    await insertAged(superuser, id, third, age);
    expect(await log.seal()).toBe(1);
    expect(await log.verify(tenant)).toMatchObject({ valid: false, checked: 10, firstBadId: id });
  },
);

test.each(['1 year', '50 minutes', '2 minutes'])(
  'a row inserted as if it were %s old is reported in a log without earlier rows, if a sealer ran at that time',
  async (age) => {
    const [tenant, other] = [randomUUID(), randomUUID()];
    const clock = createAuditClock(0);
    await log.write(other, 2);
    await sealAuditRows(log.owner, log.keys, { clock });
    const [id = ''] = await log.write(tenant, 1, superuser, await agoOf(age));
    await log.write(other);
    const { backdated } = await sealAuditRows(log.owner, log.keys, { clock });
    expect(backdated).toEqual([{ chain: tenant, auditId: id }]);
    expect(await log.verify(tenant)).toEqual({ valid: false, checked: 0, unsealed: 0, firstBadId: id });
    expect(await log.verify(other)).toMatchObject({ valid: true, checked: 3 });
  },
);

test('a log verifies although its rows waited for hours for a sealer or for a slow COMMIT', async () => {
  const [tenant, slow] = [randomUUID(), randomUUID()];
  const clock = createAuditClock(0);
  await log.write(tenant, 2, log.owner, await agoOf('3 hours'));
  await log.write(tenant, 2, log.owner, await agoOf('1 hour'));
  await superuser.begin(async (tx) => {
    await log.write(slow, 1, tx, await agoOf('3 hours'));
    // Its transaction has an id before the sealer runs for the first time.
    expect((await sealAuditRows(log.owner, log.keys, { clock })).sealed).toBe(4);
  });
  expect(await sealAuditRows(log.owner, log.keys, { clock })).toMatchObject({ sealed: 1, backdated: [] });
  for (const id of [tenant, slow]) expect(await log.verify(id)).toMatchObject({ valid: true, unsealed: 0 });
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

test.each(['7 days', '0'])('a row of an age of %s that was hidden from the sealer is reported', async (age) => {
  const { tenant, third } = await sealedLog();
  const id = randomUUID();
  await superuser.begin(async (tx) => {
    await tx`select set_config('session_replication_role', 'replica', true)`;
    await insertAged(tx, id, third, age);
  });
  expect(await log.seal()).toBe(0);
  expect(await log.verify(tenant)).toEqual({ valid: false, checked: 10, unsealed: 1, firstBadId: id });
});

test('rows that are written after a clock ran ahead verify', async () => {
  const { tenant } = await sealedLog();
  await log.write(tenant, 1, log.owner, new Date(Date.now() + 3 * 3_600_000).toISOString());
  await log.seal();
  await log.write(tenant, 2);
  await log.seal();
  await log.write(tenant);
  expect(await log.verify(tenant)).toEqual({ valid: true, checked: 13, unsealed: 1, firstBadId: null });
  // The time of a seal is signed, so it cannot be set back to make an old row valid.
  const [fifth] = await superuser<
    { id: string }[]
  >`select audit_id as id from public.audit_seals where chain = ${tenant} and sequence = 5`;
  await superuser`update public.audit_seals set created_at = created_at - interval '8 days' where chain = ${tenant} and sequence = 5`;
  expect(await log.verify(tenant)).toMatchObject({ valid: false, checked: 4, firstBadId: fifth?.id });
});

test.each(['infinity', '-infinity', '0044-03-15 BC', '20000-01-01'])(
  'PostgreSQL refuses a row of the time %s, which no sealer or verifier could read',
  async (time) => {
    const { tenant, third } = await sealedLog();
    const statements = [
      superuser`update public.audit_logs set created_at = ${time}::text::timestamptz where id = ${third}`,
      superuser`update public.audit_seals set audit_created_at = ${time}::text::timestamptz where audit_id = ${third}`,
      superuser`insert into public.audit_unsealed values (${tenant}, ${third}, ${time}::text::timestamptz)`,
    ];
    for (const statement of statements) await expect(statement).rejects.toMatchObject({ code: '23514' });
    expect(await log.verify(tenant)).toMatchObject({ valid: true });
  },
);

test('a row that was deleted before it was sealed is reported', async () => {
  const { tenant } = await sealedLog();
  const [id = ''] = await log.write(tenant);
  await superuser`delete from public.audit_logs where id = ${id}`;
  await log.seal();
  expect(await log.verify(tenant)).toMatchObject({ valid: false, checked: 10, firstBadId: id });
});

test('after a rotation of SECRET_KEY old seals still verify, and new ones are made with the new key', async () => {
  const { tenant, ids } = await sealedLog();
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

async function agoOf(age: string): Promise<string> {
  const [row] = await superuser<{ at: string }[]>`select (now() - ${age}::interval)::text as at`;
  return row?.at ?? '';
}

/** Inserts a copy of a row with another id and an older time. */
async function insertAged(
  sql: postgres.Sql | postgres.TransactionSql,
  id: string,
  like: string,
  age: string,
): Promise<void> {
  await sql`
    insert into public.audit_logs
    select (jsonb_populate_record(a, jsonb_build_object('id', ${id}::text, 'created_at', a.created_at - ${age}::interval))).*
    from public.audit_logs a where id = ${like}`;
}
