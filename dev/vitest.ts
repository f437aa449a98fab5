import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { StopStep } from './child.ts';
import type { Counts, StepContext } from './scripts.ts';
import { since } from './wait.ts';

// Vitest needs a moment to stop the stack that the tests share.
const STOP_VITEST: StopStep[] = [['SIGTERM', 30_000]];

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
 * @returns how many tests came out how. Whatever else went wrong counts as one that failed: a file that cannot be
 * loaded, an error outside of any test, no test at all.
 */
export async function runVitest(context: StepContext, node: string, args: readonly string[]): Promise<Counts> {
  const { spawn, env, cwd, signal } = context;
  if (signal.aborted) return { passed: 0, failed: 1, skipped: 0 };
  const start = performance.now();
  const directory = await mkdtemp(join(tmpdir(), 'atrium-report-'));
  const reportFile = join(directory, 'report.json');
  try {
    const vitest = spawn({
      command: [
        node,
        ...['node_modules/vitest/vitest.mjs', 'run', ...args],
        ...['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`],
      ],
      env,
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
    await rm(directory, { recursive: true, force: true });
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
