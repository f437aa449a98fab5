import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker, type WorkflowBundleOption } from '@temporalio/worker';

/** @returns a recorded history, or `undefined` if there is none */
export async function readHistory(file: URL): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}

/** Writes the history of an ended workflow to a file, without stack traces, which contain paths of the machine. */
export async function recordHistory(file: URL, workflow: WorkflowHandle): Promise<void> {
  await workflow.result().catch(() => undefined);
  const history: unknown = JSON.parse(historyToJSON(await workflow.fetchHistory()));
  const lean = JSON.stringify(history, (key, value: unknown) => (key === 'stackTrace' ? undefined : value), 1);
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, `${lean}\n`);
}

/** Replays a history with the workflow code. @returns the error if the code does not fit the history */
export async function replay(workflowBundle: WorkflowBundleOption, history: unknown): Promise<Error | undefined> {
  return await Worker.runReplayHistory({ workflowBundle }, history).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
}
