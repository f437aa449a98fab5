import { tmpdir } from 'node:os';
import { basename, dirname } from 'node:path';
import type { Child, Spawn, StopStep } from './child.ts';
import type { Part } from './part.ts';
import { freePort } from './ports.ts';
import { since, waitFor } from './wait.ts';

const ATTEMPTS = 3;
const READY_MS = 60_000;

/** Every signal leaves the history file intact. */
export const STOP_TEMPORAL: StopStep[] = [['SIGTERM', 2500]];

/** The ports of a Temporal server, on 127.0.0.1. */
export interface TemporalPorts {
  readonly grpc: number;
  readonly http: number;
  readonly metrics: number;
  readonly ui: number;
}

export interface TemporalOptions {
  readonly spawn: Spawn;
  readonly executable: string;
  /** The file for the histories, in an existing directory. Without it they are kept in memory. */
  readonly dbFile: string | undefined;
  readonly namespace: string;
  readonly logFile: string;
  readonly env: Record<string, string>;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal | undefined;
  readonly part: Part;
}

/**
 * Starts Temporal's dev server and waits until its namespace exists.
 * @param ports the ports to listen on; free ones when left out.
 * @throws StackError when it cannot be started.
 */
export async function startTemporal(options: TemporalOptions, ports?: TemporalPorts): Promise<TemporalPorts> {
  for (let attempt = 1; ; attempt++) {
    const chosen = ports ?? (await choosePorts());
    const start = performance.now();
    const child = spawnTemporal(options, chosen);
    options.part.adopt(child);
    try {
      await waitFor(() => namespaceExists(chosen.http, options.namespace), {
        what: 'Temporal',
        child,
        timeoutMs: READY_MS,
        signal: options.signal,
      });
      options.part.ready();
      options.log(`Temporal ready on 127.0.0.1:${chosen.grpc} (${since(start)})`);
      return chosen;
    } catch (error) {
      await child.stop(...STOP_TEMPORAL);
      // Another process may take a port before Temporal listens on it.
      const taken = /address already in use/i.test(child.tail().join('\n'));
      if (!taken || attempt === ATTEMPTS || options.signal?.aborted) throw error;
    }
  }
}

async function choosePorts(): Promise<TemporalPorts> {
  const grpc = await freePort();
  const http = await freePort(grpc);
  const metrics = await freePort(grpc, http);
  const ui = await freePort(grpc, http, metrics);
  return { grpc, http, metrics, ui };
}

function spawnTemporal(options: TemporalOptions, ports: TemporalPorts): Child {
  return options.spawn({
    command: [
      options.executable,
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--log-level', 'warn', '--namespace', options.namespace],
      ...['--port', String(ports.grpc), '--http-port', String(ports.http)],
      ...['--metrics-port', String(ports.metrics), '--ui-port', String(ports.ui)],
      // By default the task queues poll 20 times a second, and each step of a workflow waits for up to 50 ms.
      ...['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=2000'],
      // Relative to its folder: Temporal turns the path into a URI, where # and % in it would have a meaning.
      ...(options.dbFile === undefined ? [] : ['--db-filename', basename(options.dbFile)]),
    ],
    ...(options.dbFile !== undefined && { cwd: dirname(options.dbFile) }),
    // Go uses these if the uid has no entry in /etc/passwd.
    env: { USER: 'atrium', HOME: tmpdir(), ...options.env },
    output: { file: options.logFile },
    // A KILL does not damage the file. After a TERM it could wait for a client.
    onOurDeath: 'KILL',
  });
}

async function namespaceExists(httpPort: number, namespace: string): Promise<true | undefined> {
  const url = `http://127.0.0.1:${httpPort}/api/v1/namespaces/${encodeURIComponent(namespace)}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
  return response.ok || undefined;
}
