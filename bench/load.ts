import { parseArgs } from 'node:util';
import type { LoadResult } from './load-result.ts';

// Runs as a process of its own. It keeps a number of connections to one URL busy: each sends the next call as soon as the
// previous one is answered. At the end it prints the result as JSON.

const HEAD_END = Buffer.from('\r\n\r\n');
/** How long calls may still take after the time is up, in ms. */
const GRACE_MS = 5_000;

interface Load {
  url: URL;
  headers: readonly string[];
  /** The body to post. Without it the call is a GET. */
  body: string | undefined;
  connections: number;
  milliseconds: number;
}

async function run({ url, headers, body, connections, milliseconds }: Load): Promise<LoadResult> {
  const request = Buffer.from(
    [
      `${body === undefined ? 'GET' : 'POST'} ${url.pathname}${url.search} HTTP/1.1`,
      `Host: ${url.host}`,
      ...headers,
      ...(body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
      '',
      body ?? '',
    ].join('\r\n'),
  );
  const start = performance.now();
  const end = start + milliseconds;
  const latencies: number[] = [];
  let failures = 0;
  let expected: number | undefined;

  async function keepBusy(): Promise<void> {
    const over = Promise.withResolvers<void>();
    let sentAt = 0;
    let received = Buffer.alloc(0);
    const socket = await Bun.connect({
      hostname: url.hostname,
      port: Number(url.port),
      socket: {
        data(self, chunk) {
          received = received.length === 0 ? Buffer.from(chunk) : Buffer.concat([received, chunk]);
          const answer = readAnswer(received);
          if (!answer) return;
          received = Buffer.alloc(0);
          const now = performance.now();
          latencies.push(now - sentAt);
          expected ??= answer.length;
          if (answer.status !== '200' || answer.length !== expected) failures += 1;
          if (now >= end) return over.resolve();
          sentAt = now;
          self.write(request);
        },
        close: () => over.reject(new Error('The server closed a connection')),
        error: (_, error) => over.reject(error),
      },
    });
    sentAt = performance.now();
    socket.write(request);
    await over.promise;
    socket.end();
  }

  await Promise.all(Array.from({ length: connections }, keepBusy));
  const sorted = latencies.toSorted((a, b) => a - b);
  const percentile = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  return {
    calls: latencies.length,
    seconds: (performance.now() - start) / 1000,
    failures,
    p50: percentile(0.5),
    p99: percentile(0.99),
  };
}

/** @returns the answer in the bytes, or `undefined` if they are not complete yet */
function readAnswer(bytes: Buffer): { status: string; length: number } | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd === -1) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error('An answer says no Content-Length');
  const total = headEnd + HEAD_END.length + Number(length);
  return bytes.length < total ? undefined : { status: head.slice(9, 12), length: Number(length) };
}

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: '' },
    header: { type: 'string', multiple: true, default: [] },
    body: { type: 'string' },
    connections: { type: 'string', default: '1' },
    milliseconds: { type: 'string', default: '1000' },
  },
});
const milliseconds = Number(values.milliseconds);
setTimeout(() => {
  throw new Error('The server stopped answering');
}, milliseconds + GRACE_MS).unref();
const result = await run({
  url: new URL(values.url),
  headers: values.header,
  body: values.body,
  connections: Number(values.connections),
  milliseconds,
});
console.log(JSON.stringify(result));
