import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '../../dev/stack.ts';
import type { Stack, StackOptions } from '../../dev/types.ts';
import type { SharedStack } from './global-setup.ts';

/** A stack for one test file, whose parts can be stopped and killed. */
export interface OwnStack extends Stack {
  /** The lines that the server and the worker have printed. */
  readonly lines: readonly string[];
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/** Starts a whole stack beside the shared one. Its Temporal keeps histories in a file, so that it can be restarted. */
export async function startOwnStack(
  shared: SharedStack,
  options: Pick<StackOptions, 'extraEnv' | 'parts'> = {},
): Promise<OwnStack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'atrium-own-'));
  const lines: string[] = [];
  const stack = await startStack({
    dataDir,
    log: (line) => lines.push(line),
    port: 0,
    bun: shared.env['ATRIUM_BUN'] ?? 'bun',
    env: shared.env,
    fast: true,
    temporalInMemory: false,
    ...options,
  });
  return {
    ...stack,
    lines,
    async remove() {
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
