import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toDotEnv, withoutSettings } from '../../dev/environment.ts';
import { scratchDatabase } from '../db/scratch.ts';
import type { SharedStack } from '../support/global-setup.ts';
import { makeClone } from './clone.ts';
import { follow, type Ground } from './walk.ts';

/** The timeout for one command, in ms: about five times the slowest, the tests of every procedure under failures. */
const COMMAND_MS = 540_000;

/**
 * Creates a fresh clone with installed packages, in which the how-to pages are followed. It looks as if `bun run dev` were
 * running in it, with an empty database.
 */
export async function openGround(stack: SharedStack): Promise<Ground & AsyncDisposable> {
  const clone = await makeClone();
  const database = await scratchDatabase(stack);
  const { folder } = clone;
  await mkdir(join(folder, '.local'), { recursive: true });
  await writeFile(join(folder, '.local', 'dev.env'), toDotEnv({ DATABASE_OWNER_URL: database.databaseOwnerUrl }));
  const ground = { folder, env: { ...withoutSettings(stack.env), CI: 'true' }, timeoutMs: COMMAND_MS };
  // Some tests make clones of the clone, which needs a git repository.
  await follow([{ kind: 'run', commands: ['git init --quiet', 'bun run setup'], fails: false }], ground);
  return {
    ...ground,
    async [Symbol.asyncDispose]() {
      await Promise.all([clone[Symbol.asyncDispose](), database[Symbol.asyncDispose]()]);
    },
  };
}
