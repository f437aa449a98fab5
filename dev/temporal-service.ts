import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Spawn } from './child.ts';
import { StackError } from './error.ts';
import type { Part } from './part.ts';
import { checkTemporalAddress } from './temporal-address.ts';
import { findTemporal } from './temporal-binary.ts';
import { startTemporal, STOP_TEMPORAL, type TemporalPorts } from './temporal.ts';

/** The Temporal that a stack uses. */
export interface TemporalService {
  readonly address: string;
  /** The URL of its web page; null for an external server, whose page is unknown. */
  readonly uiUrl: string | null;
  /** `start` uses the same ports and histories again. Both reject for an external server. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/**
 * Uses the Temporal at `address`, or starts a dev server if there is no address.
 * @throws StackError if the server does not answer or cannot be started.
 */
export async function openTemporal(options: {
  part: Part;
  address: string | undefined;
  namespace: string;
  spawn: Spawn;
  dataDir: string;
  cacheDir: string;
  inMemory: boolean;
  logFile: string;
  node: string;
  env: Record<string, string>;
  log: (line: string) => void;
  signal: AbortSignal | undefined;
}): Promise<TemporalService> {
  const { part, address, inMemory, log } = options;
  if (address !== undefined) {
    await checkTemporalAddress(address);
    log(`Temporal is the one at ${address} (TEMPORAL_ADDRESS)`);
    const refuse = () =>
      Promise.reject(new StackError('TEMPORAL_ADDRESS is set, so this stack neither stops nor starts Temporal'));
    return { address, uiUrl: null, stop: refuse, start: refuse };
  }

  const executable = await findTemporal(options);
  const folder = join(options.dataDir, 'temporal');
  if (!inMemory) await mkdir(folder, { recursive: true });
  const dbFile = inMemory ? undefined : join(folder, 'histories.db');
  const start = (signal: AbortSignal | undefined, again?: TemporalPorts) =>
    startTemporal({ ...options, executable, dbFile, signal }, again);
  const ports = await start(options.signal);
  return {
    address: `127.0.0.1:${ports.grpc}`,
    uiUrl: `http://127.0.0.1:${ports.ui}`,
    stop: () => part.stop(...STOP_TEMPORAL),
    async start() {
      await start(undefined, ports);
    },
  };
}
