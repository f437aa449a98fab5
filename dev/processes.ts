import { fileURLToPath } from 'node:url';
import type { Spawn, StopStep } from './child.ts';
import type { Part } from './part.ts';
import type { Stack } from './types.ts';
import { since, waitFor } from './wait.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const READY_MS = 60_000;

/** The server and the worker get 10 s to finish their work. */
export const STOP_PROCESS: StopStep[] = [['SIGTERM', 10_000]];

type Variables = Readonly<Record<string, string>>;

/** The server or the worker, which can be started and stopped any number of times. */
type OwnProcess = Stack['server'] & Stack['worker'];

interface OwnProcessOptions {
  readonly part: Part;
  readonly spawn: Spawn;
  readonly env: Variables;
  readonly log: (line: string) => void;
}

/** The worker, on Node. It is ready when it prints "worker ready". */
export function createWorker(options: OwnProcessOptions, node: string): OwnProcess {
  return createOwnProcess(options, (env, log) => {
    let ready = false;
    return {
      command: [node, '--import', 'tsx', 'workflows/worker.ts'],
      env,
      line: (line) => {
        ready ||= line.includes('worker ready');
        log(`worker | ${line}`);
      },
      isReady: async () => ready,
    };
  });
}

/** The server, on Bun. It is ready when `/readyz` answers 200. */
export function createServer(options: OwnProcessOptions, bun: string): OwnProcess {
  return createOwnProcess(options, ({ DATABASE_OWNER_URL: _, ...env }, log) => ({
    // All its variables are in `env`; a .env file must not add others.
    command: [bun, '--no-env-file', 'src/server.ts'],
    env,
    line: (line) => log(`server | ${line}`),
    isReady: async () => {
      const response = await fetch(`${addressOf(env)}/readyz`, { signal: AbortSignal.timeout(2000) });
      return response.status === 200;
    },
  }));
}

interface Plan {
  readonly command: [string, ...string[]];
  readonly env: Record<string, string>;
  readonly line: (line: string) => void;
  readonly isReady: () => Promise<boolean>;
}

function createOwnProcess(
  { part, spawn, env, log }: OwnProcessOptions,
  makePlan: (env: Variables, log: (line: string) => void) => Plan,
): OwnProcess {
  return {
    get pid() {
      return part.pid;
    },
    kill: (signal) => part.kill(signal),
    stop: () => part.stop(...STOP_PROCESS),
    async start(extraEnv = {}, signal) {
      const start = performance.now();
      const plan = makePlan({ ...env, ...extraEnv }, log);
      await part.stop(...STOP_PROCESS);
      const { command, line } = plan;
      const child = spawn({ command, cwd: ROOT, env: plan.env, output: { line }, onOurDeath: 'KILL' });
      part.adopt(child);
      const check = async () => (await plan.isReady()) || undefined;
      await waitFor(check, { what: part.name, child, timeoutMs: READY_MS, signal });
      part.ready();
      log(`${part.name} is ready (${since(start)})`);
    },
  };
}

function addressOf(env: Variables): string {
  const host = env['HOST'] ?? '127.0.0.1';
  // These mean "listen on every address"; a client cannot connect to them.
  const reachable = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${env['PORT']}`;
}
