import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, expect, inject, test } from 'vitest';
import { resealAuditLog } from '../../db/audit/owner/reseal.ts';
import { sealAuditRows } from '../../db/audit/owner/seal-rounds.ts';
import { waitFor } from '../support/wait.ts';
import { openScratchLog } from './scratch-log.ts';

// A log whose seals are not valid gets new seals, and an audit row about that.
const log = await openScratchLog(inject('stack'));
afterAll(() => log[Symbol.asyncDispose]());

/** @returns how many audit rows of a log say that it was sealed again */
async function resealings(tenant: string | null): Promise<number> {
  const rows = await log.owner`
    select from public.audit_logs where action = 'audit.reseal' and actor_type = 'system'
      and tenant_id is not distinct from ${tenant}`;
  return rows.length;
}

test('a log is resealed under a new key after the old one was removed, and further rows are sealed after it', async () => {
  const fresh = randomBytes(32);
  const alone = { current: fresh, all: [fresh] };
  for (const tenant of [randomUUID(), null]) {
    await log.write(tenant, 5);
    await log.seal();
    await log.write(tenant, 2);
    await log.seal(alone);
    expect(await log.verify(tenant, alone)).toMatchObject({ valid: false, checked: 0 });

    expect(await resealAuditLog(log.owner, tenant)).toBe(8);
    expect(await log.verify(tenant, alone)).toEqual({ valid: true, checked: 0, unsealed: 8, firstBadId: null });
    expect(await log.seal(alone)).toBe(8);
    await log.write(tenant, 2);
    await log.seal(alone);
    expect(await log.verify(tenant, alone)).toEqual({ valid: true, checked: 10, unsealed: 0, firstBadId: null });
    expect(await resealings(tenant)).toBe(1);
  }
});

test('a row of a resealed log that is altered afterwards is reported, the first rows as well as any other', async () => {
  const tenant = randomUUID();
  const ids = await log.write(tenant, 5);
  await log.seal();
  await log.superuser`delete from public.audit_logs where id = ${ids[2] ?? ''}`;
  await resealAuditLog(log.owner, tenant);
  await log.seal();
  expect(await log.verify(tenant)).toMatchObject({ valid: true, checked: 5 });
  await log.superuser`delete from public.audit_logs where id = ${ids[0] ?? ''}`;
  expect(await log.verify(tenant)).toMatchObject({ valid: false, checked: 0, firstBadId: ids[0] });
});

test('a log whose recorded end was removed or set too far is resealed at once', async () => {
  const harms = [
    (tenant: string) => log.superuser`delete from public.audit_chains where chain = ${tenant}`,
    (tenant: string) =>
      log.superuser`update public.audit_chains set sequence = 9007199254740990 where chain = ${tenant}`,
    (tenant: string) =>
      log.superuser`update public.audit_seals set sequence = 9007199254740990 where chain = ${tenant} and sequence = 2`,
  ];
  for (const harm of harms) {
    const tenant = randomUUID();
    await log.write(tenant, 3);
    await log.seal();
    await harm(tenant);
    expect(await log.verify(tenant)).toMatchObject({ valid: false });
    await resealAuditLog(log.owner, tenant);
    expect(await log.seal()).toBe(4);
    expect(await log.verify(tenant)).toEqual({ valid: true, checked: 4, unsealed: 0, firstBadId: null });
  }
});

test('a log that never had a seal gets its first ones', async () => {
  const tenant = randomUUID();
  await log.write(tenant, 2);
  await log.superuser`delete from public.audit_unsealed where chain = ${tenant}`;
  expect(await log.verify(tenant)).toMatchObject({ valid: false });
  expect(await resealAuditLog(log.owner, tenant)).toBe(3);
  await log.seal();
  expect(await log.verify(tenant)).toEqual({ valid: true, checked: 3, unsealed: 0, firstBadId: null });
});

test('a sealer that runs while a log is resealed adds nothing to it, and the log verifies', async () => {
  const tenant = randomUUID();
  await log.write(tenant, 3);
  await log.seal();
  await log.write(tenant, 2);
  const sealing = await log.superuser.begin(async (hold) => {
    await hold`select from public.audit_chains where chain = ${tenant} for update`;
    const resealing = resealAuditLog(log.owner, tenant);
    await heldBack(1);
    const late = sealAuditRows(log.owner, log.keys);
    await heldBack(2);
    return { resealing, late };
  });
  await sealing.resealing;
  await sealing.late;
  await log.seal();
  expect(await log.verify(tenant)).toEqual({ valid: true, checked: 6, unsealed: 0, firstBadId: null });
});

/** Waits until this many sessions of the owner wait for a lock. */
async function heldBack(count: number): Promise<void> {
  await waitFor(`${count} to be held back`, async () => {
    const waiting = await log.superuser`
      select from pg_stat_activity
      where usename = 'atrium_owner' and datname = current_database() and wait_event_type = 'Lock'`;
    return waiting.length === count;
  });
}
