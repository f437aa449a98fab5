import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../dev/ports.ts';
import { createGate } from './gate.ts';

/** Stands before a server (PostgreSQL, Redis, Temporal, SMTP) and does to its connections what networks do. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** Delays every piece, both ways. 0 ends that. */
  latency(ms: number): void;
  /** Lets nothing through, either way. Connections stay, and new ones are taken. */
  freeze(): void;
  /** Lets through what was held back, and what comes. */
  thaw(): void;
  /** Open connections carry nothing any more, and nobody is told. New ones work. */
  forget(): void;
  /** Breaks the open connections with an RST. New ones work. */
  reset(): void;
  /** From now on lets so many bytes of the server's through on each connection, and then breaks it. Infinity ends that. */
  cutAfter(bytes: number): void;
  /** How many connections {@link cutAfter} has broken. */
  readonly cuts: number;
  /** Refuses new connections. The open ones stay. */
  refuse(): Promise<void>;
  /** Takes new connections again. */
  accept(): Promise<void>;
}

interface Link {
  client: Socket;
  upstream: Socket;
  /** Bytes of the server's that may still pass. */
  left: number;
  lost: boolean;
}

/** Starts a proxy on a free port of 127.0.0.1. @param target the port that the server listens on there */
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
    // An end that breaks is part of the game: the other one breaks too.
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

  // None that the system gives to outgoing connections: it is given up and taken again.
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
      // Its callback waits for the open connections too; the port is given up at once.
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
