import type { Batch } from '../../core/metrics/batches.ts';
import { isConnectionError } from './errors.ts';

/** One job of a batch: for a tenant, for a log, or a single step. */
export interface Job {
  /** The name of the job in the log. */
  item: string;
  tenantId?: string | undefined;
  work: () => Promise<unknown>;
}

export interface JobFailure {
  item: string;
  tenantId?: string | undefined;
  error: unknown;
}

/** After this many connection failures in a row, the database counts as unreachable and the batch stops. */
const AWAY_AFTER = 3;
/** The maximum number of failures that an error's message names. */
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
 * Runs the jobs one after another. A job that fails does not stop the others.
 * @returns the failures
 * @throws the connection error of the last job, if the database was unreachable for three jobs in a row
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
      // A single connection failure may be caused by the job itself.
      away = isConnectionError(error) ? away + 1 : 0;
      if (away === AWAY_AFTER) throw error;
    }
  }
  return failures;
}

/**
 * Runs the jobs like {@link tryEach}, and throws the failures.
 * @param batch the name of the batch in the log and the metric
 * @throws BatchError after all jobs, if any failed
 */
export async function runBatch(batch: Batch, jobs: Iterable<Job> | AsyncIterable<Job>): Promise<void> {
  const failures = await tryEach(jobs);
  if (failures.length > 0) throw new BatchError(batch, failures);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
