import { createSpawn } from '../../dev/child.ts';
import { createPart } from '../../dev/part.ts';
import { freePort } from '../../dev/ports.ts';
import { createServer } from '../../dev/processes.ts';
import type { SharedStack } from './global-setup.ts';

/** A server for one test file, over the shared database. */
export interface OwnServer extends AsyncDisposable {
  url: string;
  /** The lines that it has printed. */
  readonly lines: readonly string[];
}

/** Starts another server with some other settings. It has the keys of the shared one, so both accept the same tokens. */
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
