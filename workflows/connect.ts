import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import type { z } from 'zod';
import type { WORKER_SETTINGS } from '../core/env/index.ts';
import type { Log } from '../core/log/log.ts';

type WorkerEnv = z.output<typeof WORKER_SETTINGS>;

/** How long to wait between attempts, in ms. */
const RETRY = { first: 250, most: 5_000 } as const;

/** Connects to Temporal, and retries without limit because Temporal may start after the worker. */
export async function connectTemporal(env: WorkerEnv, log: Log): Promise<NativeConnection> {
  const options = await connectionOptions(env);
  for (let wait: number = RETRY.first; ; wait = Math.min(wait * 2, RETRY.most)) {
    try {
      return await NativeConnection.connect(options);
    } catch (error) {
      log.warn({ err: error, address: env.TEMPORAL_ADDRESS }, 'Temporal is unreachable; retrying');
      await pause(wait);
    }
  }
}

async function connectionOptions(env: WorkerEnv) {
  const ca = env.TEMPORAL_TLS_SERVER_CA_CERT_PATH;
  const name = env.TEMPORAL_TLS_SERVER_NAME;
  const certificate = env.TEMPORAL_TLS_CLIENT_CERT_PATH;
  const key = env.TEMPORAL_TLS_CLIENT_KEY_PATH;
  const apiKey = env.TEMPORAL_API_KEY;
  const secured = [ca, name, certificate, apiKey].some((value) => value !== undefined);
  const pair =
    certificate !== undefined && key !== undefined
      ? { crt: await readFile(certificate), key: await readFile(key) }
      : undefined;
  return {
    address: env.TEMPORAL_ADDRESS,
    ...(apiKey !== undefined && { apiKey }),
    ...(secured && {
      tls: {
        ...(name !== undefined && { serverNameOverride: name }),
        ...(ca !== undefined && { serverRootCACertificate: await readFile(ca) }),
        ...(pair && { clientCertPair: pair }),
      },
    }),
  };
}
