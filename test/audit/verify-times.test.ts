import { randomUUID } from 'node:crypto';
import type postgres from 'postgres';
import { afterAll, expect, inject, test } from 'vitest';
import { createAuditClock } from '../../db/audit/owner/transaction-clock.ts';
import { sealAuditRows } from '../../db/audit/owner/seal-rounds.ts';
import { openScratchLog, sealedLog } from './scratch-log.ts';

// Verification finds each row with a false time, and accepts rows that were sealed or committed late.
const log = await openScratchLog(inject('stack'));
const { superuser } = log;
afterAll(() => log[Symbol.asyncDispose]());

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

test.each(['7 days', '50 minutes', '2 minutes'])(
  'a row inserted as if it were %s old is reported, though it is sealed, because of the rows before it',
  async (age) => {
    const { tenant, third } = await sealedLog(log);
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

test.each(['7 days', '0'])('a row of an age of %s that was hidden from the sealer is reported', async (age) => {
  const { tenant, third } = await sealedLog(log);
  const id = randomUUID();
  await superuser.begin(async (tx) => {
    await tx`select set_config('session_replication_role', 'replica', true)`;
    await insertAged(tx, id, third, age);
  });
  expect(await log.seal()).toBe(0);
  expect(await log.verify(tenant)).toEqual({ valid: false, checked: 10, unsealed: 1, firstBadId: id });
});

test('rows that are written after a clock ran ahead verify', async () => {
  const { tenant } = await sealedLog(log);
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
    const { tenant, third } = await sealedLog(log);
    const statements = [
      superuser`update public.audit_logs set created_at = ${time}::text::timestamptz where id = ${third}`,
      superuser`update public.audit_seals set audit_created_at = ${time}::text::timestamptz where audit_id = ${third}`,
      superuser`insert into public.audit_unsealed values (${tenant}, ${third}, ${time}::text::timestamptz)`,
    ];
    for (const statement of statements) await expect(statement).rejects.toMatchObject({ code: '23514' });
    expect(await log.verify(tenant)).toMatchObject({ valid: true });
  },
);
