import { fileURLToPath } from 'node:url';
import { DeterminismViolationError } from '@temporalio/workflow';
import { expect, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { emailWorkflowId, provisionWorkflowId, type SendEmailInput } from '../../workflows/contract.ts';
import { testReplays, type Run } from '../support/replays.ts';
import { bundleWorkflows } from '../support/workflow-bench.ts';
import type { Faults } from '../support/workflow-faults.ts';
import { readHistory, replay } from '../support/workflow-histories.ts';
import { insertTenant } from '../support/workflow-homes.ts';

const faults: Faults = new Map();
const FOLDER = new URL('./', import.meta.url);

/** The runs with histories in this folder. */
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
} satisfies Record<string, Run>;

testReplays(RUNS, FOLDER, faults);

test('a workflow change that running workflows cannot replay is detected', async () => {
  const changed = await bundleWorkflows(fileURLToPath(new URL('./changed-workflow.ts', import.meta.url)));
  const error = await replay(changed, await readHistory(new URL('provision-ready.json', FOLDER)));
  expect(error).toBeInstanceOf(DeterminismViolationError);
});
