import type { Child, Spawn, StopStep } from './child.ts';
import { StackError } from './error.ts';
import { freePort } from './ports.ts';
import { waitFor } from './wait.ts';

const ATTEMPTS = 3;
const READY_MS = 10_000;
const STOP: StopStep[] = [['SIGTERM', 1_000]];

export interface RedisOptions {
  readonly spawn: Spawn;
  readonly executable: string;
  readonly env: Record<string, string>;
  /** The password that clients must send; none when left out. */
  readonly password?: string;
}

/** A Redis on 127.0.0.1 that keeps its data in memory only. */
export interface Redis extends AsyncDisposable {
  readonly port: number;
  /** Stops it. Its data is lost. */
  stop(): Promise<void>;
  /** Starts it again, empty, on the same port. */
  start(): Promise<void>;
}

/**
 * Starts a Redis on a free port.
 * @throws StackError when it cannot be started.
 */
export async function startRedis(options: RedisOptions): Promise<Redis> {
  let port = 0;
  let child: Child | undefined;
  for (let attempt = 1; child === undefined; attempt++) {
    port = await freePort();
    try {
      child = await launch(options, port);
    } catch (error) {
      // Another process may take the port before Redis listens on it.
      const taken = error instanceof StackError && /address already in use/i.test(error.tail.join('\n'));
      if (!taken || attempt === ATTEMPTS) throw error;
    }
  }
  let running = child;
  return {
    port,
    stop: () => running.stop(...STOP),
    async start() {
      running = await launch(options, port);
    },
    [Symbol.asyncDispose]: () => running.stop(...STOP),
  };
}

async function launch({ spawn, executable, env, password }: RedisOptions, port: number): Promise<Child> {
  let ready = false;
  const child = spawn({
    command: [
      executable,
      ...['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'],
      ...(password === undefined ? [] : ['--requirepass', password]),
    ],
    env,
    output: {
      line: (line) => {
        ready ||= line.includes('Ready to accept connections');
      },
    },
    onOurDeath: 'KILL',
  });
  try {
    await waitFor(async () => ready || undefined, { what: 'Redis', child, timeoutMs: READY_MS });
    return child;
  } catch (error) {
    await child.stop(...STOP);
    throw error;
  }
}
