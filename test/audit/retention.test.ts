import { randomUUID } from 'node:crypto';
import { afterAll, expect, inject, test } from 'vitest';
import { dropAuditMonths, makeAuditPartitions } from '../../db/audit/owner/retention.ts';
import { trimAuditChains } from '../../db/audit/owner/trim.ts';
import { KEPT, oldMonths } from './old-months.ts';
import { obstruct, openScratchLog } from './scratch-log.ts';

// Old months are dropped as a whole, and the remaining rows still verify.
const log = await openScratchLog(inject('stack'));
const { owner, superuser, keys } = log;
const { makeMonth, writeAged, retain, partitions } = oldMonths(log);
afterAll(() => log[Symbol.asyncDispose]());

function partitionOf(month: string): string {
  return `public.audit_logs_${month.slice(0, 7).replace('-', '_')}`;
}

test('the coming months have partitions that only the owner can use, and a default partition takes other rows', async () => {
  await makeAuditPartitions(owner);
  const names = await partitions();
  expect(names).toContain('public.audit_logs_default');
  expect(names.length).toBeGreaterThan(13);
  const open = await owner`
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.audit_logs'::regclass and (not c.relrowsecurity
      or has_any_column_privilege('atrium_app', c.oid, 'select, insert') or has_any_column_privilege('tenants', c.oid, 'select, insert'))`;
  expect(Array.from(open)).toEqual([]);
});

test('a row of a month without a partition is written, and is dropped when it is due', async () => {
  const tenant = randomUUID();
  const old = await writeAged(tenant, '2001-02-03Z', 2);
  const [id = ''] = await log.write(tenant);
  await log.seal();
  const rows = await owner`select tableoid::regclass::text as place from public.audit_logs where id = ${old[0] ?? ''}`;
  expect(Array.from(rows)).toEqual([{ place: 'audit_logs_default' }]);
  await retain();
  expect(await owner`select from public.audit_logs where tenant_id = ${tenant}`).toHaveLength(1);
  expect(await log.chainOf(tenant)).toEqual([{ sequence: 3, auditId: id }]);
  expect(await log.verify(tenant)).toEqual({ valid: true, checked: 1, unsealed: 0, firstBadId: null });
});

test('months that were kept long enough are dropped, and the rest of every chain verifies', async () => {
  const [ada, ben, gone] = [randomUUID(), randomUUID(), randomUUID()];
  const [oldest, older, kept] = [await makeMonth(-7), await makeMonth(-6), await makeMonth(-2)];
  await writeAged(ada, oldest, 3);
  await writeAged(ben, oldest, 2);
  await writeAged(ada, older, 3);
  await writeAged(gone, older, 2);
  const later = [...(await writeAged(ada, kept, 4)), ...(await log.write(ada, 2))];
  await log.write(ben, 2);
  await log.seal();
  expect(await log.verify(ada)).toMatchObject({ valid: true, checked: 12 });

  await retain();
  const names = await partitions();
  expect(names).not.toContain(`public.audit_logs_${oldest.slice(0, 7).replace('-', '_')}`);
  expect(names).not.toContain(`public.audit_logs_${older.slice(0, 7).replace('-', '_')}`);
  expect(names).toContain(`public.audit_logs_${kept.slice(0, 7).replace('-', '_')}`);
  expect(await log.chainOf(ada)).toEqual(later.map((auditId, index) => ({ sequence: index + 7, auditId })));
  // A log without new rows becomes empty. A later row continues its chain.
  expect(await log.chainOf(gone)).toEqual([]);
  for (const tenant of [ada, ben, gone]) {
    const { firstBadId } = await log.verify(tenant);
    expect(firstBadId).toBeNull();
  }
  expect(await log.verify(ada)).toEqual({ valid: true, checked: 6, unsealed: 0, firstBadId: null });
  const [dropped] = await owner`
    select action, actor_type, outcome from public.audit_logs where action = 'audit.drop' order by id desc limit 1`;
  expect(dropped).toEqual({ action: 'audit.drop', actor_type: 'system', outcome: 'success' });

  const [next = ''] = await log.write(gone);
  await log.seal();
  expect(await log.verify(gone)).toEqual({ valid: true, checked: 1, unsealed: 0, firstBadId: null });
  // A second run has nothing to do.
  const before = await partitions();
  await retain();
  expect(await partitions()).toEqual(before);
  expect(await log.chainOf(gone)).toEqual([{ sequence: 3, auditId: next }]);
  expect(await log.verify(gone)).toEqual({ valid: true, checked: 1, unsealed: 0, firstBadId: null });

  // A checkpoint protects the rows after it as a seal does.
  await superuser`delete from public.audit_logs where id = ${later[0] ?? ''}`;
  expect(await log.verify(ada)).toMatchObject({ valid: false, firstBadId: later[0] });
  await superuser`update public.audit_chains set dropped_before = now() where chain = ${ada}`;
  expect(await log.verify(ada)).toMatchObject({ valid: false });
  await superuser`update public.audit_chains set start_sequence = 3 where chain = ${ben}`;
  expect(await log.verify(ben)).toMatchObject({ valid: false });
});

test('a chain still verifies after the month of a row that entered it late was dropped', async () => {
  const tenant = randomUUID();
  const [month, kept] = [await makeMonth(-4), await makeMonth(-3)];
  await writeAged(tenant, month, 2);
  const [first = ''] = await writeAged(tenant, kept, 1);
  // Its transaction began in the previous month and was committed in this one.
  const [late = ''] = await writeAged(tenant, new Date(Date.parse(kept) - 60_000).toISOString(), 1);
  const [next = ''] = await writeAged(tenant, kept, 1);
  await retain();
  expect((await log.chainOf(tenant)).map(({ auditId }) => auditId)).toEqual([first, late, next]);
  expect(await log.verify(tenant)).toEqual({ valid: true, checked: 2, unsealed: 0, firstBadId: null });
});

test('rows of a month that is due are sealed before it is dropped', async () => {
  const tenant = randomUUID();
  const month = await makeMonth(-8);
  await log.write(tenant, 1, owner, month);
  await retain();
  expect(await partitions()).not.toContain(partitionOf(month));
  const [end] = await owner`select start_sequence::int as sealed from public.audit_chains where chain = ${tenant}`;
  expect(end).toEqual({ sealed: 1 });
});

test('a log that cannot be sealed does not stop the months of other logs from being dropped, and is reported', async () => {
  const [stuck, other] = [randomUUID(), randomUUID()];
  const month = await makeMonth(-8);
  await obstruct(log, stuck, month);
  await log.write(other, 2, owner, month);
  await expect(dropAuditMonths(owner, keys, KEPT)).rejects.toMatchObject({
    name: 'BatchError',
    failures: [{ tenantId: stuck }],
  });
  expect(await partitions()).not.toContain(partitionOf(month));
  await trimAuditChains(owner, keys);
  expect(await log.verify(other)).toEqual({ valid: true, checked: 0, unsealed: 0, firstBadId: null });
  await dropAuditMonths(owner, keys, KEPT);
});

test('dropping rows and sealing at the same time never deadlock', async () => {
  const tenants = [randomUUID(), randomUUID(), randomUUID()];
  for (const month of [-6, -7, -8]) {
    await writeAged(randomUUID(), await makeMonth(month), 2);
    const sealing = tenants.map((tenant) => log.write(tenant, 20).then(() => log.seal()));
    await Promise.all([retain(), ...sealing]);
  }
  await log.seal();
  for (const tenant of tenants) expect(await log.verify(tenant)).toMatchObject({ valid: true, checked: 60 });
});
