import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../dev/ports.ts';
import { createGate } from './gate.ts';

/** A TCP proxy before a server (PostgreSQL, Redis, Temporal, SMTP) that simulates network faults. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** Delays every chunk in both directions. 0 ends that. */
  latency(ms: number): void;
  /** Holds back all data in both directions. Connections stay open, and new ones are accepted. */
  freeze(): void;
  /** Passes on the data that was held back, and all later data. */
  thaw(): void;
  /** Drops all data of the open connections without closing them. New connections work. */
  forget(): void;
  /** Resets the open connections (RST). New connections work. */
  reset(): void;
  /** From now on breaks each connection after this many bytes from the server. Infinity ends that. */
  cutAfter(bytes: number): void;
  /** How many connections {@link cutAfter} has broken. */
  readonly cuts: number;
  /** Refuses new connections. The open ones stay. */
  refuse(): Promise<void>;
  /** Accepts new connections again. */
  accept(): Promise<void>;
}

interface Link {
  client: Socket;
  upstream: Socket;
  /** How many bytes from the server may still pass. */
  left: number;
  lost: boolean;
}

/** Starts a proxy on a free port of 127.0.0.1. @param target the server's port on 127.0.0.1 */
export async function startFaultProxy(target: number): Promise<FaultProxy> {
  const links = new Set<Link>();
  const gate = createGate();
  let delay = 0;
  let limit = Number.POSITIVE_INFINITY;
  let cuts = 0;
  const each = (act: (link: Link) => void): void => [...links].forEach(act);

  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    const link: Link = { client, upstream, left: limit, lost: false };
    links.add(link);
    const up = pipeline(client, (source) => carry(source, link, 'up'), upstream);
    const down = pipeline(upstream, (source) => carry(source, link, 'down'), client);
    // If one side breaks, the other is closed too; that is no error here.
    void Promise.allSettled([up, down]).then(() => links.delete(link));
  });

  async function* carry(source: AsyncIterable<Buffer>, link: Link, way: 'up' | 'down'): AsyncGenerator<Buffer> {
    for await (const piece of source) {
      await gate.passed(() => !link.lost);
      if (delay > 0) await sleep(delay);
      const rest = way === 'down' ? link.left : Number.POSITIVE_INFINITY;
      if (piece.length <= rest) {
        if (way === 'down') link.left -= piece.length;
        yield piece;
        continue;
      }
      if (rest > 0) yield piece.subarray(0, rest);
      link.upstream.resetAndDestroy();
      cuts += 1;
      return;
    }
    await gate.passed(() => !link.lost);
  }

  // Not a port of outgoing connections, because the proxy releases its port and takes it again.
  const port = await freePort();
  await listen(server, port);
  return {
    port,
    get cuts() {
      return cuts;
    },
    latency: (ms) => {
      delay = ms;
    },
    freeze: () => gate.shut(),
    thaw: () => gate.open(),
    forget: () =>
      each((link) => {
        link.lost = true;
      }),
    reset: () =>
      each(({ client, upstream }) => {
        client.resetAndDestroy();
        upstream.destroy();
      }),
    cutAfter: (bytes) => {
      limit = bytes;
      each((link) => {
        link.left = bytes;
      });
    },
    refuse: async () => {
      // Without a callback, which would also wait for the open connections; the port is released at once.
      server.close();
      await Promise.resolve();
    },
    accept: async () => {
      await listen(server, port);
    },
    [Symbol.asyncDispose]: async () => {
      each(({ client, upstream }) => {
        client.destroy();
        upstream.destroy();
      });
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen({ port, host: '127.0.0.1' });
  await once(server, 'listening');
}
