import type { WorkflowHandle } from '@temporalio/client';
import { expect, inject, test } from 'vitest';
import { openBench, productBundle, type Bench } from './workflow-bench.ts';
import type { Faults } from './workflow-faults.ts';
import { readHistory, recordHistory, replay } from './workflow-histories.ts';

/** Starts a workflow whose history is recorded. */
export type Run = (bench: Bench) => Promise<WorkflowHandle>;

/**
 * Defines a test for each run: the current workflow code can replay the recorded history of the run.
 *
 * After a deployment Temporal replays the history of each running workflow with the new code. A change that does not fit
 * the history fails here: then keep the old branch beside the new one with `patched()` of `@temporalio/workflow`.
 *
 * To record a history again, when no run of the old code can still be active: delete the file and run this test. It records
 * the missing history and fails. Commit the file, and the test passes.
 * @param runs the runs by the name of their history
 * @param folder the folder of the histories
 * @param faults the faults to inject during a run
 */
export function testReplays(runs: Readonly<Record<string, Run>>, folder: URL, faults: Faults = new Map()): void {
  test.each(Object.entries(runs))('the present code replays the recorded %s', async (name, run) => {
    const file = new URL(`${name}.json`, folder);
    const history = await readHistory(file);
    if (history === undefined) {
      const bench = await openBench(inject('stack'), faults);
      await recordHistory(file, await run(bench));
      await bench.close();
      throw new Error(`There was no history ${name}.json: it is recorded now. Commit it and run the tests again.`);
    }
    expect(await replay(await productBundle(), history)).toBeUndefined();
  });
}
