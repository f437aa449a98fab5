import type { WorkflowHandle } from '@temporalio/client';
import { expect, inject, test } from 'vitest';
import { openBench, productBundle, type Bench } from './workflow-bench.ts';
import type { Faults } from './workflow-faults.ts';
import { readHistory, recordHistory, replay } from './workflow-histories.ts';

/** Starts a workflow whose history is kept. */
export type Run = (bench: Bench) => Promise<WorkflowHandle>;

/**
 * Makes a test of each run: today's workflows can go on with its history.
 *
 * A workflow that is under way while a new version is deployed goes on with the new code, led by its history. A change
 * that could not follow it fails here: keep the old way beside the new by `patched()` of `@temporalio/workflow`.
 *
 * To record anew, once no run of the old code can be under way any more: delete the file and run this test. It records
 * what is missing and fails; commit the file, and it passes.
 * @param runs by the name of their history
 * @param folder where the histories are kept
 * @param faults what goes wrong in a run
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
