import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CodeVersion } from './code-version.ts';
import type { SharedStack } from './shared-stack.ts';

/** What a stack that is kept for tests does for a run that wants to use it. */
export interface Lessor {
  stack: SharedStack;
  /** The code that the clone has now. */
  readVersion(): Promise<CodeVersion>;
  /** Starts the server and the worker anew, with the code that the clone has now. */
  restart(): Promise<void>;
  /** Whether the server answers. */
  isReady(): Promise<boolean>;
}

/** Where leases are had. */
export interface LeaseServer extends AsyncDisposable {
  readonly url: string;
  /** Whoever asks for a lease must send it. */
  readonly token: string;
}

/**
 * Lends a stack to runs of tests, each for as long as it keeps its connection open. A run gets 200 and the stack in the first
 * line, or 409 and the reason why it must start a stack of its own.
 */
export async function startLeaseServer(lessor: Lessor): Promise<LeaseServer> {
  const token = randomBytes(24).toString('base64url');
  const expected = Buffer.from(`Bearer ${token}`);
  const started = await lessor.readVersion();
  let running = started.processes;
  let leases = 0;

  const refusal = async (): Promise<string | undefined> => {
    const now = await lessor.readVersion();
    if (now.foundation !== started.foundation) {
      return 'it was started with other migrations, packages or code of dev/: start `bun run test --keep` again';
    }
    if (now.processes !== running) {
      // The caller counts as one.
      if (leases > 1) return 'another run uses it with other code';
      await lessor.restart();
      running = now.processes;
    }
    return (await lessor.isReady()) ? undefined : 'its server does not answer';
  };
  // One after the other: two runs must not restart the same process.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  };

  const server = createServer((request, response) => {
    const sent = Buffer.from(request.headers.authorization ?? '');
    if (sent.length !== expected.length || !timingSafeEqual(sent, expected)) {
      response.writeHead(401).end();
      return;
    }
    leases += 1;
    response.on('close', () => {
      leases -= 1;
    });
    void inTurn(refusal)
      .catch((error: unknown) => `it failed to restart: ${String(error)}`)
      .then((reason) => {
        if (reason !== undefined) response.writeHead(409).end(reason);
        else response.writeHead(200).write(`${JSON.stringify(lessor.stack)}\n`);
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    token,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function portOf(address: string | AddressInfo | null): number {
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
  return address.port;
}
