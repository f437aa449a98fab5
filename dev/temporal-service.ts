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
  /** Its web page; null for a server that is not ours, whose page we don't know. */
  readonly uiUrl: string | null;
  /** Stops it and starts it again, on the same ports and histories. Both reject for a server that is not ours. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/**
 * Opens the Temporal at `address`, or without one finds and starts a dev server.
 * @throws StackError when neither works.
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
