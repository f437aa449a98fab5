import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker, type WorkflowBundleOption } from '@temporalio/worker';

/** A recorded history; `undefined` where there is none. */
export async function readHistory(file: URL): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}

/** Keeps the history of a workflow that has ended, without the stack traces, which would name the machine. */
export async function recordHistory(file: URL, workflow: WorkflowHandle): Promise<void> {
  await workflow.result().catch(() => undefined);
  const history: unknown = JSON.parse(historyToJSON(await workflow.fetchHistory()));
  const lean = JSON.stringify(history, (key, value: unknown) => (key === 'stackTrace' ? undefined : value), 1);
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, `${lean}\n`);
}

/** Leads a workflow's code through a history. @returns what it did otherwise, if anything */
export async function replay(workflowBundle: WorkflowBundleOption, history: unknown): Promise<Error | undefined> {
  return await Worker.runReplayHistory({ workflowBundle }, history).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
}
