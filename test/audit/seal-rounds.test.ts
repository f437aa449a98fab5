import { randomUUID } from 'node:crypto';
import { afterAll, expect, inject, test } from 'vitest';
import { createLog } from '../../core/log/log.ts';
import { sealAuditRows } from '../../db/audit/owner/seal-rounds.ts';
import { startSealing } from '../../workflows/audit/seal-loop.ts';
import { waitFor } from '../support/wait.ts';
import { obstruct, openScratchLog } from './scratch-log.ts';

// A log with many, large or broken rows does not keep the other logs from being sealed.
const log = await openScratchLog(inject('stack'));
afterAll(() => log[Symbol.asyncDispose]());

test('a log that cannot be sealed is reported, and all other logs are sealed', async () => {
  const [stuck, other] = [randomUUID(), randomUUID()];
  await obstruct(log, stuck);
  const lines: string[] = [];
  const failures: Record<string, number> = {};
  const sealing = startSealing({
    owner: log.owner,
    keys: log.keys,
    log: createLog({ name: 'test', format: 'json', to: { write: (line) => void lines.push(line) } }),
    metrics: { countBatchFailures: (batch, count) => (failures[batch] = (failures[batch] ?? 0) + count) },
  });
  const [id] = await log.write(other);
  await waitFor('the other log to be sealed', async () => (await log.chainOf(other)).length === 1);
  await sealing.stop();
  expect(await log.chainOf(other)).toEqual([{ sequence: 1, auditId: id }]);
  expect(failures).toEqual({ audit_seals: 1 });
  const told = lines.filter((line) => line.includes('"batch":"audit_seals"'));
  expect(told).toEqual([expect.stringContaining(`"tenantId":"${stuck}"`)]);
  await log.superuser`delete from public.audit_unsealed where chain = ${stuck}`;
});

test('a row that cannot be read is reported, and all other logs are sealed', async () => {
  const [stuck, other] = [randomUUID(), randomUUID()];
  await log.superuser`
    alter table public.audit_logs drop constraint audit_logs_user_agent_check, drop constraint audit_logs_request_id_check`;
  // One JSON array of all rows would exceed the limit of PostgreSQL.
  await log.superuser`
    insert into public.audit_logs (id, tenant_id, action, entity_type, actor_type, outcome, user_agent, request_id)
    values (${randomUUID()}, ${stuck}, 'test.stop', 'test', 'system', 'success', repeat('x', 140000000), repeat('x', 140000000))`;
  const lines: string[] = [];
  const sealing = startSealing({
    owner: log.owner,
    keys: log.keys,
    log: createLog({ name: 'test', format: 'json', to: { write: (line) => void lines.push(line) } }),
    metrics: { countBatchFailures: () => undefined },
  });
  await log.write(other);
  await waitFor('the other log to be sealed', async () => (await log.chainOf(other)).length === 1);
  await sealing.stop();
  expect(await log.chainOf(stuck)).toEqual([]);
  const told = lines.filter((line) => line.includes('"batch":"audit_seals"'));
  expect(told).toEqual([expect.stringContaining(`"tenantId":"${stuck}"`)]);
  await log.superuser`delete from public.audit_unsealed where chain = ${stuck}`;
});

test("a round seals another tenant's row although one tenant has 20,000 rows waiting, and both logs verify", async () => {
  const [loud, quiet] = [randomUUID(), randomUUID()];
  await log.superuser`
    insert into public.audit_logs (id, tenant_id, action, entity_type, actor_type, outcome)
    select gen_random_uuid(), ${loud}, 'test.flood', 'test', 'system', 'success' from generate_series(1, 20000)`;
  await log.write(quiet);
  // The result does not depend on speed: the first round has the other row.
  const round = await sealAuditRows(log.owner, log.keys);
  expect(round.sealed).toBeLessThan(1_100);
  expect(round.full).toBe(true);
  expect(await log.chainOf(quiet)).toHaveLength(1);
  expect(await log.seal()).toBe(20_001 - round.sealed);
  expect(await log.verify(loud)).toEqual({ valid: true, checked: 20_000, unsealed: 0, firstBadId: null });
});

test("large rows are sealed in several rounds, so that no round exceeds the sealer's limit of bytes", async () => {
  const [large, small] = [randomUUID(), randomUUID()];
  await log.superuser`
    insert into public.audit_logs (id, tenant_id, action, entity_type, actor_type, outcome, changes)
    select gen_random_uuid(), ${large}, 'test.large', 'test', 'system', 'success',
      jsonb_build_object('text', jsonb_build_array(null, repeat('x', 1000000))) from generate_series(1, 20)`;
  await log.write(small, 2);
  const { sealed, full } = await sealAuditRows(log.owner, log.keys);
  expect({ sealed, full }).toEqual({ sealed: 10, full: true });
  expect(await log.chainOf(small)).toHaveLength(2);
  expect(await log.seal()).toBe(12);
  expect(await log.verify(large)).toEqual({ valid: true, checked: 20, unsealed: 0, firstBadId: null });
});
