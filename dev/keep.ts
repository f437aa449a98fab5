import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCodeVersion } from './code-version.ts';
import { StackError } from './error.ts';
import { startLeaseServer } from './lease-server.ts';
import { writePrivate } from './private-file.ts';
import { startSharedStack, toShared } from './shared-stack.ts';
import { aborted, describeExit, since } from './wait.ts';

/** The file with the address of the stack that is kept for tests. */
const LEASE_FILE = fileURLToPath(new URL('../.local/test-stack.json', import.meta.url));

/**
 * Starts a stack for `bun run test FILE`, and keeps it until the signal is aborted.
 * @throws StackError if it does not start, or one of its parts ends by itself
 */
export async function keepStack(options: {
  bun: string;
  env: Record<string, string>;
  signal: AbortSignal;
}): Promise<void> {
  const { signal } = options;
  const start = performance.now();
  const dataDir = await mkdtemp(join(tmpdir(), 'atrium-kept-'));
  try {
    const stack = await startSharedStack({ ...options, dataDir, log: (line) => console.log(line) });
    try {
      await using leases = await startLeaseServer({
        stack: toShared(stack),
        readVersion: readCodeVersion,
        restart: async () => {
          await Promise.all([stack.worker.start(), stack.server.start()]);
        },
        isReady: () =>
          fetch(`${stack.url}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
            ({ ok }) => ok,
            () => false,
          ),
      });
      await mkdir(dirname(LEASE_FILE), { recursive: true });
      await writePrivate(LEASE_FILE, JSON.stringify({ url: leases.url, token: leases.token }));
      console.log(`\nready in ${since(start)}: \`bun run test FILE\` uses this stack. Ctrl-C stops it`);
      const death = await Promise.race([stack.exited, aborted(signal)]);
      if (death) throw new StackError(`${death.part} ended (${describeExit(death.code)})`, death.tail);
    } finally {
      await rm(LEASE_FILE, { force: true });
      await stack.stop();
    }
  } catch (error) {
    // An interrupted start rejects with the signal's reason. That is no failure.
    if (error !== signal.reason) throw error;
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/**
 * The variable that makes Vitest use the kept stack. It is left out, so that a new stack is started, in CI and in a run of
 * all tests.
 * @param args the arguments for Vitest
 */
export function keptStackFor(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  file = LEASE_FILE,
): { ATRIUM_TEST_STACK?: string } {
  const inCi = !['', 'false', '0'].includes(env['CI'] ?? '');
  // Options alone, such as a reporter, name no file: all tests run.
  const namesTests = args.some((arg) => !arg.startsWith('-'));
  return namesTests && !inCi && existsSync(file) ? { ATRIUM_TEST_STACK: file } : {};
}
