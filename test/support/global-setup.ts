import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startStack } from '../../dev/stack.ts';
import type { StackFile } from '../../dev/types.ts';

/** What tests know of the stack that all of them share. Their own tenants keep them apart. */
export interface SharedStack extends StackFile {
  databaseAdminUrl: string;
  env: Readonly<Record<string, string>>;
}

declare module 'vitest' {
  export interface ProvidedContext {
    stack: SharedStack;
  }
}

/** Starts PostgreSQL, Temporal, the worker and the server once, in an empty folder, and removes it all afterwards. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'atrium-test-'));
  const lines: string[] = [];
  const stack = await startStack({
    dataDir,
    log: (line) => lines.push(line),
    port: 0,
    bun: process.env['ATRIUM_BUN'] ?? 'bun',
    env: process.env,
    fast: true,
  }).catch((error: unknown) => {
    process.stderr.write(`${lines.join('\n')}\n`);
    throw error;
  });
  const { url, databaseUrl, databaseOwnerUrl, databaseAdminUrl, temporalAddress, temporalUiUrl } = stack;
  const { mailDir, superuser, env } = stack;
  project.provide('stack', {
    url,
    databaseUrl,
    databaseOwnerUrl,
    databaseAdminUrl,
    temporalAddress,
    temporalUiUrl,
    mailDir,
    superuser,
    env,
  });
  return async () => {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}
