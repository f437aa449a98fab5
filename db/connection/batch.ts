import type { Batch } from '../../core/metrics/batches.ts';
import { isConnectionError } from './errors.ts';

/** One piece of a batch: of a tenant, a log, or a step that stands for itself. */
export interface Job {
  /** What it is called in the log. */
  item: string;
  tenantId?: string | undefined;
  work: () => Promise<unknown>;
}

export interface JobFailure {
  item: string;
  tenantId?: string | undefined;
  error: unknown;
}

/** Connection failures in a row after which the database counts as away, and the rest of a batch is not tried. */
const AWAY_AFTER = 3;
/** Failures that an error's message names. */
const NAMED_AT_MOST = 10;

/** Some jobs of a batch failed. All others were done. */
export class BatchError extends Error {
  override readonly name = 'BatchError';
  readonly batch: Batch;
  readonly failures: readonly JobFailure[];

  constructor(batch: Batch, failures: readonly JobFailure[]) {
    const named = failures.slice(0, NAMED_AT_MOST).map(({ item, error }) => `${item}: ${messageOf(error)}`);
    super(`${batch}: ${failures.length} failed, the others were done: ${named.join('; ')}`, {
      cause: failures[0]?.error,
    });
    this.batch = batch;
    this.failures = failures;
  }
}

/**
 * Does the jobs one after the other. One that fails does not stop the others.
 * @returns those that failed
 * @throws the connection's error when the database does not answer several jobs in a row: the rest would only wait for it
 */
export async function tryEach(jobs: Iterable<Job> | AsyncIterable<Job>): Promise<JobFailure[]> {
  const failures: JobFailure[] = [];
  let away = 0;
  for await (const { item, tenantId, work } of jobs) {
    try {
      await work();
      away = 0;
    } catch (error) {
      failures.push({ item, tenantId, error });
      // One alone may be the job's own doing.
      away = isConnectionError(error) ? away + 1 : 0;
      if (away === AWAY_AFTER) throw error;
    }
  }
  return failures;
}

/**
 * The same, for what has no other way to tell of failures.
 * @param batch what the jobs are together, for the log and the metric
 * @throws BatchError at the end, when any job failed
 */
export async function runBatch(batch: Batch, jobs: Iterable<Job> | AsyncIterable<Job>): Promise<void> {
  const failures = await tryEach(jobs);
  if (failures.length > 0) throw new BatchError(batch, failures);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
