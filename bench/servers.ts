import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAccessTokens } from '../core/auth/access-token.ts';
import { parseEnv, SERVER_SETTINGS } from '../core/env/index.ts';
import type { Child, Spawn } from '../dev/child.ts';
import { freePort } from '../dev/ports.ts';
import { writePrivate } from '../dev/private-file.ts';
import type { Stack } from '../dev/types.ts';
import { waitFor } from '../dev/wait.ts';
import type { BaselineSettings } from './baseline-settings.ts';
import type { Guard } from './without/guards.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The module to preload in a server to take guards out of it. */
const WITHOUT = fileURLToPath(new URL('without/preload.ts', import.meta.url));
const READY_MS = 30_000;

/** How to start processes, and where they may write. */
export interface Place {
  spawn: Spawn;
  bun: string;
  dataDir: string;
}

/** A running server. */
export interface Running {
  url: string;
  child: Child;
}

/** How a server differs from the default one on the stack's port. */
interface Variant {
  /** The name of its log file. A server with a name gets a port of its own. */
  name?: string;
  /** The guards to take out. */
  without?: readonly Guard[];
  env?: Record<string, string>;
}

/**
 * Starts Atrium's server as in production: with JSON log lines in a file and without development checks. The stack's own
 * server would send its output to this process, and reading it would slow the machine.
 */
export async function startAtrium(place: Place, stack: Stack, variant: Variant = {}): Promise<Running> {
  const { spawn, bun, dataDir } = place;
  const { name = 'server', without = [], env: own = {} } = variant;
  const { DATABASE_OWNER_URL: _, ...env } = stack.env;
  const port = variant.name === undefined ? (env['PORT'] ?? '') : String(await freePort());
  const child = spawn({
    command: [bun, '--no-env-file', ...(without.length > 0 ? ['--preload', WITHOUT] : []), 'src/server.ts'],
    cwd: ROOT,
    env: {
      ...env,
      NODE_ENV: 'production',
      // Production requires these two. Nothing listens there: mail and Redis are not measured.
      MAIL_URL: 'smtp://127.0.0.1:1',
      RATE_LIMIT_URL: 'redis://127.0.0.1:1',
      // Every call is counted, but none is refused.
      RATE_LIMIT_FACTOR: '100000',
      METRICS_TOKEN: 'for-this-measurement-only',
      // Lets each sign-up set an address of its own.
      TRUSTED_PROXIES: '127.0.0.0/8,::1/128',
      ...own,
      PORT: port,
      BENCH_WITHOUT: without.join(','),
    },
    output: { file: join(dataDir, `${name}.log`) },
    onOurDeath: 'KILL',
  });
  const url = `http://127.0.0.1:${port}`;
  await untilAnswers(child, 'The server', `${url}/readyz`);
  return { url, child };
}

/** Starts the hand-written handler with the same database role, pool size and keys as the server. */
export async function startBaseline({ spawn, bun, dataDir }: Place, stack: Stack): Promise<Running> {
  const env = parseEnv(stack.env, SERVER_SETTINGS);
  const { jwks } = await createAccessTokens({ keys: env.JWT_KEYS, issuer: env.PUBLIC_URL });
  const port = await freePort();
  const settingsFile = join(dataDir, 'baseline.json');
  const settings = {
    port,
    databaseUrl: env.DATABASE_URL,
    poolMax: env.DATABASE_POOL_MAX,
    issuer: env.PUBLIC_URL,
    jwks,
  } satisfies BaselineSettings;
  await writePrivate(settingsFile, JSON.stringify(settings));
  const { DATABASE_OWNER_URL: _, ...others } = stack.env;
  const child = spawn({
    command: [bun, '--no-env-file', 'bench/baseline-server.ts', settingsFile],
    cwd: ROOT,
    env: { ...others, NODE_ENV: 'production' },
    output: { file: join(dataDir, 'baseline.log') },
    onOurDeath: 'KILL',
  });
  const url = `http://127.0.0.1:${port}`;
  await untilAnswers(child, 'The hand-written handler', url);
  return { url, child };
}

async function untilAnswers(child: Child, what: string, url: string): Promise<void> {
  await waitFor(
    async () => {
      const { status } = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      return status < 500 || undefined;
    },
    { what, child, timeoutMs: READY_MS },
  );
}
