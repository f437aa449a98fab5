import { expect, test } from 'vitest';
import { BatchError, runBatch, tryEach, type Job } from '../../db/connection/batch.ts';

const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

/** @returns jobs that fail with the given errors, and the list of the jobs that succeeded */
function jobsOf(outcomes: readonly (Error | undefined)[]): { jobs: Job[]; done: string[] } {
  const done: string[] = [];
  const jobs = outcomes.map((error, index) => ({
    item: `job ${index}`,
    tenantId: `tenant ${index}`,
    work: async () => {
      if (error) throw error;
      done.push(`job ${index}`);
    },
  }));
  return { jobs, done };
}

test('a batch does every job that can be done, and reports the failed ones with their tenants at the end', async () => {
  const { jobs, done } = jobsOf([new Error('one'), undefined, away, undefined, away, away, undefined]);
  const failure: unknown = await runBatch('reap', jobs).catch((error: unknown) => error);
  expect(done).toEqual(['job 1', 'job 3', 'job 6']);
  expect(failure).toBeInstanceOf(BatchError);
  expect(failure).toMatchObject({
    batch: 'reap',
    failures: [0, 2, 4, 5].map((index) => ({ item: `job ${index}`, tenantId: `tenant ${index}` })),
  });
});

test('a batch ends when the database answers none of several jobs in a row', async () => {
  const { jobs, done } = jobsOf([undefined, away, away, away, undefined]);
  await expect(tryEach(jobs)).rejects.toBe(away);
  expect(done).toEqual(['job 0']);
});
