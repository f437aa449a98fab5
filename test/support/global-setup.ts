import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { takeLease, type Lease } from '../../dev/lease.ts';
import { startSharedStack, toShared, type SharedStack } from '../../dev/shared-stack.ts';

export type { SharedStack };

declare module 'vitest' {
  export interface ProvidedContext {
    stack: SharedStack;
  }
}

/**
 * Uses the stack that is kept for tests, or starts PostgreSQL, Temporal, the worker and the server once in an empty folder
 * and removes them afterwards.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void> | void> {
  const lease = await leaseOf(process.env['ATRIUM_TEST_STACK']);
  if (lease) {
    // Files of this run go into its own temporary folder, which is removed at its end.
    project.provide('stack', { ...lease.stack, env: { ...lease.stack.env, TMPDIR: tmpdir() } });
    return () => lease.release();
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'atrium-test-'));
  const lines: string[] = [];
  const stack = await startSharedStack({
    dataDir,
    log: (line) => lines.push(line),
    bun: process.env['ATRIUM_BUN'] ?? 'bun',
    env: process.env,
  }).catch((error: unknown) => {
    process.stderr.write(`${lines.join('\n')}\n`);
    throw error;
  });
  project.provide('stack', toShared(stack));
  return async () => {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}

/** @param file the lease file of the kept stack; the test command passes it if the stack may be used */
async function leaseOf(file: string | undefined): Promise<Lease | undefined> {
  if (file === undefined) return undefined;
  return await takeLease(file).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`The stack of \`bun run test --keep\` is not used: ${reason}\n`);
    return undefined;
  });
}
