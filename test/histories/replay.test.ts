import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { DeterminismViolationError } from '@temporalio/workflow';
import { expect, inject, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { emailWorkflowId, provisionWorkflowId, type SendEmailInput } from '../../workflows/contract.ts';
import { bundleWorkflows, openBench, productBundle, type Bench } from '../support/workflow-bench.ts';
import type { Faults } from '../support/workflow-faults.ts';
import { readHistory, recordHistory, replay } from '../support/workflow-histories.ts';
import { insertTenant } from '../support/workflow-homes.ts';

const faults: Faults = new Map();
const today = await productBundle();

/**
 * The runs whose histories are kept beside this file.
 *
 * A workflow that is under way while a new version is deployed goes on with the new code, led by its history. A change
 * that could not follow it fails here: keep the old way beside the new by `patched()` of `@temporalio/workflow`.
 *
 * To record anew, once no run of the old code can be under way any more: delete the file and run this test. It records
 * what is missing and fails; commit the file, and it passes.
 */
const RUNS = {
  'provision-ready': async (bench) => {
    const { tenantId } = await insertTenant(bench.owner);
    return await bench.start('provisionTenant', provisionWorkflowId(tenantId), { tenantId });
  },
  'provision-undone': async (bench) => {
    const { tenantId } = await insertTenant(bench.owner);
    faults.set(tenantId, [
      { activity: 'createSchema', when: 'after', retryable: true },
      { activity: 'openTenant', when: 'after', retryable: false },
      { activity: 'dropSchema', when: 'before', retryable: true },
    ]);
    return await bench.start('provisionTenant', provisionWorkflowId(tenantId), { tenantId });
  },
  'send-email': async (bench) => {
    const ids = { messageId: uuidv7(), tenantId: uuidv7(), signUpId: uuidv7() };
    const input = { ...ids, template: 'verify-email' } satisfies SendEmailInput;
    return await bench.start('sendEmail', emailWorkflowId(input.messageId), input);
  },
  'tend-audit-log': (bench) => bench.start('tendAuditLog', `tend-audit-log-${uuidv7()}`),
  'reap-sign-ups': (bench) => bench.start('reapSignUps', `reap-sign-ups-${uuidv7()}`),
} satisfies Record<string, (bench: Bench) => Promise<WorkflowHandle>>;

test.each(Object.entries(RUNS))('today’s code can go on with the recorded %s', async (name, run) => {
  const history = await readHistory(name);
  if (history === undefined) {
    const bench = await openBench(inject('stack'), faults);
    await recordHistory(name, await run(bench));
    await bench.close();
    throw new Error(`There was no history ${name}.json: it is recorded now. Commit it and run the tests again.`);
  }
  expect(await replay(today, history)).toBeUndefined();
});

test('a change that a run under way could not follow is seen', async () => {
  const changed = await bundleWorkflows(fileURLToPath(new URL('./changed-workflow.ts', import.meta.url)));
  const error = await replay(changed, await readHistory('provision-ready'));
  expect(error).toBeInstanceOf(DeterminismViolationError);
});
