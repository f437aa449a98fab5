import { afterAll, expect, inject, test } from 'vitest';
import { PROVISIONING_STEPS, type ProvisioningStep } from '../../core/tenancy/provisioning.ts';
import { newestVersions, readSets, schemaVersion } from '../../db/migrations/sets.ts';
import {
  createProvisioningActivities,
  type ProvisioningActivities,
} from '../../workflows/activities/tenancy/provision.ts';
import { provisionWorkflowId } from '../../workflows/contract.ts';
import { openBench } from '../support/workflow-bench.ts';
import type { Faults } from '../support/workflow-faults.ts';
import { describeHome, insertTenant, lookAt } from '../support/workflow-homes.ts';

/** The provisioning step of each activity; `null` for an activity without a step. */
const DOING = {
  findHome: null,
  createRole: 'role',
  createSchema: 'schema',
  migrate: 'migrations',
  seed: 'seed',
  openTenant: 'ready',
} as const satisfies Partial<Record<keyof ProvisioningActivities, ProvisioningStep | null>>;
const UNDOING = ['closeTenant', 'dropSchema', 'dropRole', 'markFailed'] as const;

const doing = Object.entries(DOING).flatMap(([activity, step]) => [
  { activity, when: 'before' as const, step: stepBefore(step) },
  { activity, when: 'after' as const, step },
]);
const undoing = UNDOING.flatMap((activity) => [
  { activity, when: 'before' as const },
  { activity, when: 'after' as const },
]);

const faults: Faults = new Map();
const bench = await openBench(inject('stack'), faults);
afterAll(() => bench.close());

test('these tests make each activity of provisioning fail', () => {
  const known = [...Object.keys(DOING), ...UNDOING];
  expect(known.toSorted()).toEqual(Object.keys(createProvisioningActivities(bench)).toSorted());
});

test.concurrent.each(doing)(
  'provisioning leaves nothing behind when $activity fails for good $when its work, and can be retried',
  async ({ activity, when, step }) => {
    const home = await insertTenant(bench.owner);
    faults.set(home.tenantId, [{ activity, when, retryable: false }]);

    await expect(provision(home.tenantId)).rejects.toThrow();

    expect(await lookAt(bench.owner, home)).toEqual({
      schema: false,
      role: false,
      status: 'failed',
      step,
      error: failureAt(step ?? 'role'),
      version: 0,
      audit: [...(activity === 'openTenant' && when === 'after' ? ['success'] : []), 'failure'],
    });

    await bench.owner`update public.tenants set status = 'provisioning' where id = ${home.tenantId}`;
    await provision(home.tenantId);
    expect(await lookAt(bench.owner, home)).toMatchObject({ status: 'ready', schema: true, role: true });
  },
);

test.concurrent.each(undoing)(
  'provisioning leaves nothing behind when the undo $activity fails once $when its work',
  async ({ activity, when }) => {
    const home = await insertTenant(bench.owner);
    // The last step succeeds but its answer is lost, so everything must be undone.
    faults.set(home.tenantId, [
      { activity: 'openTenant', when: 'after', retryable: false },
      { activity, when, retryable: true },
    ]);

    await expect(provision(home.tenantId)).rejects.toThrow();

    expect(faults.get(home.tenantId)).toEqual([]);
    expect(await lookAt(bench.owner, home)).toEqual({
      schema: false,
      role: false,
      status: 'failed',
      step: 'ready',
      error: failureAt('ready'),
      version: 0,
      audit: ['success', 'failure'],
    });
  },
);

test.concurrent.each(doing)(
  'provisioning creates everything once when $activity is retried after it failed $when its work',
  async ({ activity, when }) => {
    const [home, undisturbed] = [await insertTenant(bench.owner), await insertTenant(bench.owner)];
    faults.set(home.tenantId, [{ activity, when, retryable: true }]);

    await Promise.all([provision(home.tenantId), provision(undisturbed.tenantId)]);

    expect(faults.get(home.tenantId)).toEqual([]);
    expect(await lookAt(bench.owner, home)).toEqual({
      schema: true,
      role: true,
      status: 'ready',
      step: null,
      error: null,
      version: schemaVersion(newestVersions(readSets('tenant'))),
      audit: ['success'],
    });
    expect(await describeHome(bench.owner, home)).toEqual(await describeHome(bench.owner, undisturbed));
  },
);

async function provision(tenantId: string): Promise<void> {
  const handle = await bench.start('provisionTenant', provisionWorkflowId(tenantId), { tenantId });
  await handle.result();
}

const failureAt = (step: ProvisioningStep): string =>
  `The step "${step}" failed, and provisioning was undone. A platform operator can retry it.`;

/** @returns the step in the tenant's row when an activity fails before it has noted its own step */
function stepBefore(step: ProvisioningStep | null): ProvisioningStep | null {
  return step === null ? null : (PROVISIONING_STEPS[PROVISIONING_STEPS.indexOf(step) - 1] ?? null);
}
