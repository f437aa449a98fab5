import { randomBytes } from 'node:crypto';
import { afterAll, expect, inject, test } from 'vitest';
import { openScratchLog, sealedLog } from './scratch-log.ts';

// Verification finds each row that is missing from its place in a chain, or that is in a place of another row.
const log = await openScratchLog(inject('stack'));
const { superuser } = log;
afterAll(() => log[Symbol.asyncDispose]());

test('a deleted row is reported, the newest as well as any other', async () => {
  for (const at of [0, 5, 9]) {
    const { tenant, ids } = await sealedLog(log);
    await superuser`delete from public.audit_logs where id = ${ids[at] ?? ''}`;
    expect(await log.verify(tenant)).toMatchObject({ valid: false, firstBadId: ids[at] });
  }
});

test('the newest rows are reported as missing when they are deleted together with their seals', async () => {
  const { tenant, ids } = await sealedLog(log);
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
  const { tenant, ids } = await sealedLog(log);
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
  const { tenant, ids, third } = await sealedLog(log);
  await superuser`delete from public.audit_logs where id = ${third}`;
  await superuser`delete from public.audit_seals where audit_id = ${third}`;
  expect(await log.verify(tenant)).toMatchObject({ valid: false, firstBadId: ids[3] });
  for (const id of ids.slice(3)) {
    await superuser`update public.audit_seals set sequence = sequence - 1 where audit_id = ${id}`;
  }
  expect(await log.verify(tenant)).toMatchObject({ valid: false, firstBadId: ids[3] });
});

test('two rows that were swapped are reported', async () => {
  const { tenant, ids } = await sealedLog(log);
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
  const [mine, theirs] = [await sealedLog(log), await sealedLog(log)];
  await superuser`delete from public.audit_seals where audit_id = ${mine.third}`;
  await superuser`delete from public.audit_logs where id = ${mine.third}`;
  await superuser`update public.audit_logs set tenant_id = ${mine.tenant} where id = ${theirs.third}`;
  await superuser`update public.audit_seals set chain = ${mine.tenant} where audit_id = ${theirs.third}`;
  expect(await log.verify(mine.tenant)).toMatchObject({ valid: false, checked: 2, firstBadId: theirs.third });
});

test('a row inserted with an invented seal is reported', async () => {
  const { tenant } = await sealedLog(log);
  const [id = ''] = await log.write(tenant);
  await superuser`delete from public.audit_unsealed where audit_id = ${id}`;
  await superuser`
    insert into public.audit_seals (chain, sequence, audit_id, audit_created_at, row_mac, seal)
    select ${tenant}, 11, id, created_at, ${randomBytes(32)}, ${randomBytes(32)} from public.audit_logs where id = ${id}`;
  expect(await log.verify(tenant)).toMatchObject({ valid: false, checked: 10, firstBadId: id });
});

test('a row that is inserted to block one chain stops the verification of no chain', async () => {
  const [one, other] = [await sealedLog(log), await sealedLog(log)];
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
  const [one, two, other] = [await sealedLog(log), await sealedLog(log), await sealedLog(log)];
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

test('a row that was deleted before it was sealed is reported', async () => {
  const { tenant } = await sealedLog(log);
  const [id = ''] = await log.write(tenant);
  await superuser`delete from public.audit_logs where id = ${id}`;
  await log.seal();
  expect(await log.verify(tenant)).toMatchObject({ valid: false, checked: 10, firstBadId: id });
});
