import { createServer, type Server } from 'node:net';
import { StackError } from './error.ts';

const HOST = '127.0.0.1';
const ATTEMPTS = 200;

// The chosen ports lie below those of outgoing connections, which begin at 32768 (Linux) or 49152 (macOS). Otherwise a
// client's connection could take the port of a server while it restarts.
const LOWEST = 20_000;
const HIGHEST = 32_000;

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: HOST }, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

/** Checks the port of a server before anything else is started. @throws StackError if it is taken */
export async function assertPortFree(wanted: number): Promise<void> {
  const server = await listen(wanted);
  if (!server)
    throw new StackError(`port ${wanted} is already in use; choose another port: PORT=${wanted + 1} bun run dev`);
  await close(server);
}

/**
 * Chooses a free port of 127.0.0.1.
 * @param except ports that are reserved, though nothing listens on them yet.
 * @throws Error when no free port is found.
 */
export async function freePort(...except: number[]): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (except.includes(port)) continue;
    const server = await listen(port);
    if (!server) continue;
    await close(server);
    return port;
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST}`);
}
