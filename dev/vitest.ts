import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { StopStep } from './child.ts';
import type { Counts, StepContext } from './scripts.ts';
import { since } from './wait.ts';

// Vitest stops the stack that the tests share, which takes some seconds.
const STOP_VITEST: StopStep[] = [['SIGTERM', 30_000]];

const REMOVE_ATTEMPTS = 20;
const REMOVE_RETRY_MS = 100;

const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
});

/**
 * Runs the tests, with Vitest's own output.
 * @param args further arguments for Vitest: which tests, or how.
 * @returns the number of tests by result. Each file that cannot be loaded counts as one failed test. So does an error
 * outside of any test, and a run without tests.
 */
export async function runVitest(context: StepContext, node: string, args: readonly string[]): Promise<Counts> {
  const { spawn, env, cwd, signal } = context;
  if (signal.aborted) return { passed: 0, failed: 1, skipped: 0 };
  const start = performance.now();
  // The temporary folder of all tests. It is removed at the end, with the database of an interrupted run.
  const directory = await mkdtemp(join(tmpdir(), 'atrium-test-'));
  const reportFile = join(directory, 'report.json');
  try {
    const vitest = spawn({
      command: [
        node,
        ...['node_modules/vitest/vitest.mjs', 'run', ...args],
        ...['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`],
      ],
      env: { ...env, TMPDIR: directory },
      cwd,
      output: 'inherit',
      onOurDeath: 'KILL',
      tree: true,
    });
    const stop = () => void vitest.stop(...STOP_VITEST);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    const code = await vitest.exited;
    const counts = await readReport(reportFile, code);
    console.log(`${counts.failed === 0 ? '✓' : '✗'} tests (${since(start)})`);
    return counts;
  } finally {
    await removeFolder(directory);
  }
}

// Several attempts: after an interrupted run PostgreSQL takes a moment to close its files.
async function removeFolder(path: string): Promise<void> {
  for (let attempt = 0; attempt < REMOVE_ATTEMPTS && existsSync(path); attempt++) {
    if (attempt > 0) await sleep(REMOVE_RETRY_MS);
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function readReport(path: string, code: number | null): Promise<Counts> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const report = reportSchema.parse(JSON.parse(text));
  const notLoaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  ).length;
  const failed = report.numFailedTests + notLoaded;
  const unexplained = failed === 0 && (code !== 0 || report.numPassedTests === 0);
  return {
    passed: report.numPassedTests,
    failed: unexplained ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
