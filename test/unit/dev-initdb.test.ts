import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** A user namespace with a uid that has no entry in /etc/passwd, as in some containers. */
const NAMELESS = ['--user', '--map-user', '54321', '--map-group', '54321', '--'];
const canBeNameless = spawnSync('unshare', [...NAMELESS, 'true']).status === 0;

const PROGRAM = `
import { createSpawn } from './dev/child.ts';
import { findPostgres } from './dev/postgres-binaries.ts';
import { ensureCluster } from './dev/postgres-cluster.ts';

const { initdb } = await findPostgres();
const [dir] = process.argv.slice(1);
const { PATH } = process.env;
await ensureCluster({ spawn: createSpawn(), initdb, dir, password: 'x', fast: true, env: { PATH }, user: undefined, signal: undefined });
`;

test.runIf(canBeNameless)('PostgreSQL makes its data directory for a uid that has no name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'atrium-nameless-'));
  try {
    const { execPath } = process;
    const command = [execPath, '--import', 'tsx', '--input-type=module', '--eval', PROGRAM, join(folder, 'data')];
    await promisify(execFile)('unshare', [...NAMELESS, ...command], { cwd: ROOT });
    expect(await readFile(join(folder, 'data', 'PG_VERSION'), 'utf8')).toMatch(/^18/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
