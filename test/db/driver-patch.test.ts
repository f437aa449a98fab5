import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { StackError } from '../../dev/error.ts';
import { missingPatch } from '../../db/connection/driver.ts';
import manifest from '../../package.json' with { type: 'json' };
import { startOwnServer } from '../support/own-server.ts';
import { LOSSES } from './losses.ts';

const ADVICE = 'see "A new version of the driver" in docs/decisions/0010-patched-driver.md';
/** In ms. A driver whose next query takes longer is broken too. */
const TIMEOUT = 20_000;

const root = fileURLToPath(new URL('../../', import.meta.url));
const stack = inject('stack');
const version = manifest.dependencies.postgres;
const patches: Record<string, string> = manifest.patchedDependencies;
const patch = patches[`postgres@${version}`];
/** A folder with the unpatched postgres.js, and a tsconfig.json that makes tsx and Bun use it as `postgres`. */
let folder: string;
let tsconfig: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atrium-driver-'));
  tsconfig = join(folder, 'tsconfig.json');
  await cp(join(root, 'node_modules/postgres'), folder, { recursive: true });
  if (patch !== undefined) await promisify(execFile)('git', ['apply', '-R', join(root, patch)], { cwd: folder });
  await writeFile(
    tsconfig,
    JSON.stringify({ compilerOptions: { baseUrl: folder, paths: { postgres: ['src/index.js'] } } }),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a program of the project on Node. @returns its exit code and output */
async function run(args: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    cwd: root,
    env: { ...stack.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT,
  });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, output: output + errors };
}

const lose = (name: string, env: Record<string, string>) =>
  run(['test/db/lose.ts', name, stack.databaseOwnerUrl, stack.databaseAdminUrl], env);

test('the patch is for the version of postgres.js that package.json names, and is installed', () => {
  expect(Object.keys(patches), ADVICE).toEqual([`postgres@${version}`]);
  expect(missingPatch(postgres), ADVICE).toBeUndefined();
});

test('a program that plays a loss with the patched postgres.js ends well', async () => {
  const ended = await lose('a query that sent rows and then fails leaves none of them to the next query', {});
  expect(ended).toEqual({ code: 0, output: '' });
});

/** Losses that the unpatched postgres.js survives. */
const SURVIVED = new Set(['a connection that breaks while it starts or asks for the array types is replaced']);
const LOST = Object.keys(LOSSES).filter((name) => !SURVIVED.has(name));

test.concurrent.each(LOST)('postgres.js without the patch does not guarantee: %s', async (name) => {
  const { code } = await lose(name, { TSX_TSCONFIG_PATH: tsconfig });
  expect(code, `postgres.js ${version} no longer needs the patch for this: ${ADVICE}`).not.toBe(0);
});

test('a worker without the patch does not start in production, and says what to do', async () => {
  const production = { NODE_ENV: 'production', MAIL_URL: 'smtp://127.0.0.1:1' };
  const { code, output } = await run(['workflows/worker.ts'], { ...production, TSX_TSCONFIG_PATH: tsconfig });
  expect(code).toBe(1);
  expect(output).toContain('bun install');
});

test('a server without the patch does not start in production, and says what to do', async () => {
  const production = {
    NODE_ENV: 'production',
    METRICS_TOKEN: 'token-of-the-metrics',
    RATE_LIMIT_URL: 'redis://127.0.0.1:1',
  };
  const settings = { ...production, BUN_OPTIONS: `--tsconfig-override=${tsconfig}` };
  const ended = await startOwnServer(stack, settings).catch((error: unknown) => error);
  expect(ended instanceof StackError && ended.tail.join('\n')).toContain('bun install');
});

test('a server without the patch starts in development, with a warning that says what to do', async () => {
  await using server = await startOwnServer(stack, { BUN_OPTIONS: `--tsconfig-override=${tsconfig}` });
  expect(server.lines.join('\n')).toMatch(/WARN.*postgres\.js.*bun install/);
});
