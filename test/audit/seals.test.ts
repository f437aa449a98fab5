import { randomUUID } from 'node:crypto';
import { afterAll, expect, inject, test } from 'vitest';
import { sealAuditRows } from '../../db/audit/owner/seal-rounds.ts';
import { waitFor } from '../support/wait.ts';
import { NIL, openScratchLog } from './scratch-log.ts';

// Each committed row is sealed once, in one chain per log, even if a sealer fails.
const log = await openScratchLog(inject('stack'));
afterAll(() => log[Symbol.asyncDispose]());

test("rows are sealed in the order of writing, in a chain of each tenant's and one of the platform", async () => {
  const [ada, ben] = [randomUUID(), randomUUID()];
  const written = new Map<string | null, string[]>();
  for (const tenant of [ada, null, ben, ada, null, ada]) {
    written.set(tenant, [...(written.get(tenant) ?? []), ...(await log.write(tenant))]);
  }
  expect(await log.verify(ada)).toEqual({ valid: true, checked: 0, unsealed: 3, firstBadId: null });
  expect(await log.seal()).toBe(6);
  expect(await log.seal()).toBe(0);
  for (const [tenant, ids] of written) {
    expect(await log.chainOf(tenant)).toEqual(ids.map((auditId, index) => ({ sequence: index + 1, auditId })));
    expect(await log.verify(tenant)).toEqual({ valid: true, checked: ids.length, unsealed: 0, firstBadId: null });
  }
});

test('many sealers and writers at once seal each row once, and the chains verify', async () => {
  const tenants = [randomUUID(), randomUUID(), randomUUID()];
  let writing = true;
  const writers = Promise.all(tenants.map((tenant) => log.write(tenant, 150))).finally(() => (writing = false));
  const sealers = Array.from({ length: 3 }, async () => {
    while (writing) await sealAuditRows(log.owner, log.keys);
  });
  const ids = await writers;
  await Promise.all(sealers);
  await log.seal();
  for (const [index, tenant] of tenants.entries()) {
    const chain = await log.chainOf(tenant);
    expect(chain.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 150 }, (_, at) => at + 1));
    expect(chain.map(({ auditId }) => auditId).toSorted()).toEqual(ids[index]?.toSorted());
    expect(await log.verify(tenant)).toEqual({ valid: true, checked: 150, unsealed: 0, firstBadId: null });
  }
});

test('two sealers of the same logs never deadlock, whichever log has the oldest row', async () => {
  const tenants = [randomUUID(), randomUUID()];
  for (const tenant of tenants) await log.write(tenant);
  await log.seal();
  const held = (sealers: number): Promise<unknown> =>
    waitFor(`${sealers} sealers to be held`, async () => {
      const waiting = await log.owner`
        select from pg_stat_activity
        where usename = current_user and datname = current_database() and wait_event_type = 'Lock'`;
      return waiting.length === sealers ? waiting : undefined;
    });
  const [one = '', other = ''] = tenants;
  const sealing: Promise<{ sealed: number }>[] = [];
  await log.superuser.begin(async (late) => {
    await log.write(other, 1, late);
    await log.superuser.begin(async (hold) => {
      await hold`select from public.audit_chains where chain in ${hold(tenants)} for update`;
      await log.write(one);
      await log.write(other);
      sealing.push(sealAuditRows(log.owner, log.keys));
      await held(1);
      await late`commit and chain`;
      sealing.push(sealAuditRows(log.owner, log.keys));
      await held(2);
    });
  });
  expect((await Promise.all(sealing)).map(({ sealed }) => sealed).toSorted((a, b) => a - b)).toEqual([0, 2]);
  expect(await log.seal()).toBe(1);
  for (const tenant of tenants) expect(await log.verify(tenant)).toMatchObject({ valid: true, unsealed: 0 });
});

test('a sealer that is interrupted leaves nothing half done, and the next one seals each row once', async () => {
  const tenant = randomUUID();
  const ids = await log.write(tenant, 20);
  // With this lock seals can be inserted, but the end of the chain cannot be written.
  const outcome = await log.superuser.begin(async (hold) => {
    await hold`lock table public.audit_chains in share mode`;
    const sealing = sealAuditRows(log.owner, log.keys).then(
      () => 'sealed',
      () => 'cut off',
    );
    const pid = await waitFor('the sealer to be held', async () => {
      const [row] = await hold<{ pid: number }[]>`
        select pid from pg_stat_activity
        where usename = 'atrium_owner' and datname = current_database() and wait_event_type = 'Lock'`;
      return row?.pid;
    });
    await hold`select pg_terminate_backend(${pid})`;
    return await sealing;
  });
  expect(outcome).toBe('cut off');
  expect(await log.chainOf(tenant)).toEqual([]);
  expect(await log.verify(tenant)).toMatchObject({ valid: true, unsealed: 20 });
  expect(await log.seal()).toBe(20);
  expect((await log.chainOf(tenant)).map(({ auditId }) => auditId)).toEqual(ids);
  expect(await log.verify(tenant)).toEqual({ valid: true, checked: 20, unsealed: 0, firstBadId: null });
});

test('a row that is committed late takes the next place, after rows that were written later', async () => {
  const tenant = randomUUID();
  let early: string[] = [];
  let late: string[] = [];
  await log.superuser.begin(async (slow) => {
    late = await log.write(tenant, 1, slow);
    early = await log.write(tenant, 3);
    expect(await log.seal()).toBe(3);
    expect(await log.verify(tenant)).toEqual({ valid: true, checked: 3, unsealed: 0, firstBadId: null });
  });
  expect(await log.verify(tenant)).toEqual({ valid: true, checked: 3, unsealed: 1, firstBadId: null });
  expect(await log.seal()).toBe(1);
  expect((await log.chainOf(tenant)).map(({ auditId }) => auditId)).toEqual([...early, ...late]);
  expect(await log.verify(tenant)).toEqual({ valid: true, checked: 4, unsealed: 0, firstBadId: null });
});

test('a row that is rolled back is never sealed', async () => {
  const tenant = randomUUID();
  const undo = new Error('undo');
  await log.owner
    .begin(async (tx) => {
      await log.write(tenant, 1, tx);
      throw undo;
    })
    .catch((error: unknown) => expect(error).toBe(undo));
  expect(await log.seal()).toBe(0);
  expect(await log.verify(tenant)).toEqual({ valid: true, checked: 0, unsealed: 0, firstBadId: null });
});

test('writing a row never waits for a sealer', async () => {
  const tenant = randomUUID();
  await log.write(tenant);
  await log.owner.begin(async (tx) => {
    await tx`lock table public.audit_chains, public.audit_seals in access exclusive mode`;
    await tx`select from public.audit_unsealed for update`;
    await log.owner.begin(async (other) => {
      await other`select set_config('lock_timeout', '1ms', true)`;
      await log.write(tenant, 1, other);
    });
  });
  expect(await log.seal()).toBe(2);
});

test("the platform's chain has the nil UUID as its name, which no tenant can have", async () => {
  await log.write(null);
  await log.seal();
  const chains = await log.owner`select from public.audit_chains where chain = ${NIL}`;
  expect(chains).toHaveLength(1);
});
