import { run, type Spawn } from './child.ts';
import { since } from './wait.ts';

// Two scripts at once keep a small machine busy.
const AT_ONCE = 2;
const TIMEOUT_MS = 300_000;

/** The result of one step of a test run. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What every step needs to run. */
export interface StepContext {
  readonly spawn: Spawn;
  readonly env: Record<string, string>;
  readonly cwd: string;
  readonly signal: AbortSignal;
}

export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** Runs scripts of package.json, {@link AT_ONCE} at a time. Prints a line for each, and the output of those that fail. */
export async function runScripts(
  context: StepContext,
  bun: string,
  names: Readonly<Record<string, string>>,
): Promise<Counts> {
  const queue = Object.entries(names);
  const codes: (number | null)[] = [];
  const worker = async () => {
    for (let next = queue.shift(); next && !context.signal.aborted; next = queue.shift()) {
      const [script, label] = next;
      const start = performance.now();
      const { code, output } = await run(context.spawn, [bun, 'run', '--silent', script], {
        ...context,
        timeoutMs: TIMEOUT_MS,
      });
      codes.push(code);
      if (code !== 0 && !context.signal.aborted) console.log(output);
      console.log(`${code === 0 ? '✓' : '✗'} ${label} (${since(start)})`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const passed = codes.filter((code) => code === 0).length;
  return { passed, failed: codes.length - passed, skipped: queue.length };
}
