import { createSpawn } from '../../dev/child.ts';
import { createPart } from '../../dev/part.ts';
import { freePort } from '../../dev/ports.ts';
import { createServer } from '../../dev/processes.ts';
import type { SharedStack } from './global-setup.ts';

/** A server of a test file's own, over the shared database. */
export interface OwnServer extends AsyncDisposable {
  url: string;
  /** All that it has printed. */
  readonly lines: readonly string[];
}

/** Starts another server beside the shared one, which differs by some settings: tokens of one are good at both. */
export async function startOwnServer(shared: SharedStack, settings: Record<string, string>): Promise<OwnServer> {
  const port = await freePort();
  const lines: string[] = [];
  const server = createServer(
    {
      part: createPart('a server', () => undefined),
      spawn: createSpawn(),
      env: { ...shared.env, PORT: String(port), ...settings },
      log: (line) => lines.push(line),
    },
    shared.env['ATRIUM_BUN'] ?? 'bun',
  );
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, lines, [Symbol.asyncDispose]: () => server.stop() };
}
