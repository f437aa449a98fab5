import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CodeVersion } from './code-version.ts';
import type { SharedStack } from './shared-stack.ts';

/** What the lease server needs to know of the kept stack, and to do with it. */
export interface Lessor {
  stack: SharedStack;
  /** Reads the version of the code in the clone. */
  readVersion(): Promise<CodeVersion>;
  /** Restarts the server and the worker with the current code of the clone. */
  restart(): Promise<void>;
  /** Whether the server answers. */
  isReady(): Promise<boolean>;
}

/** The HTTP server that grants leases. */
export interface LeaseServer extends AsyncDisposable {
  readonly url: string;
  /** The bearer token that a request for a lease must carry. */
  readonly token: string;
}

/**
 * Leases a stack to test runs. A lease lasts as long as the run keeps its connection open. The answer is 200 with the stack
 * in its first line, or 409 with the reason why the run cannot use the stack.
 */
export async function startLeaseServer(lessor: Lessor): Promise<LeaseServer> {
  const token = randomBytes(24).toString('base64url');
  const expected = Buffer.from(`Bearer ${token}`);
  const started = await lessor.readVersion();
  /** The code that the server and the worker run; unknown after a restart that failed. */
  let running: string | undefined = started.processes;
  let leases = 0;

  const refusal = async (): Promise<string | undefined> => {
    const now = await lessor.readVersion();
    if (now.foundation !== started.foundation) {
      return 'it was started with other migrations, packages or code of dev/: start `bun run test --keep` again';
    }
    if (now.processes !== running) {
      // The caller has one of the leases.
      if (leases > 1) return 'another run uses it with other code';
      running = undefined;
      await lessor.restart();
      running = now.processes;
    }
    return (await lessor.isReady()) ? undefined : 'its server does not answer';
  };
  // One at a time: two runs must not restart the same process.
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
