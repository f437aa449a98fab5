import { connect as dial } from 'node:net';
import { afterAll, expect, inject, test } from 'vitest';
import { startOwnServer } from '../support/own-server.ts';
import { waitFor } from '../support/wait.ts';
import { readMetrics } from '../telemetry/metrics.ts';

// A client that disconnects while it sends a body is not an error of the server and raises no alert.
const server = await startOwnServer(inject('stack'), {});
afterAll(() => server[Symbol.asyncDispose]());

const PATHS = ['/api/v1/auth/login', '/trpc/auth.login', '/nothing'];
const LENGTHS = ['content-length: 100', 'transfer-encoding: chunked'];

/** Sends the beginning of a body, and breaks the connection. */
async function breakOff(path: string, length: string): Promise<void> {
  const { hostname, port } = new URL(server.url);
  const socket = dial(Number(port), hostname);
  const head = [`POST ${path} HTTP/1.1`, `host: ${hostname}`, 'content-type: application/json', length];
  const begun = length.startsWith('transfer') ? '9\r\n{"email":\r\n' : '{"email":';
  await new Promise((resolve) => socket.write(`${head.join('\r\n')}\r\n\r\n${begun}`, resolve));
  socket.resetAndDestroy();
}

test('a body that breaks off is refused as bad input, without a 500 or a logged error', async () => {
  const requests = async (): Promise<number> => {
    const { value } = await readMetrics(server.url);
    return ['rest', 'trpc', 'other'].reduce(
      (sum, mount) => sum + value('atrium_http_requests_total', { mount, status: '400' }),
      0,
    );
  };
  for (const path of PATHS) for (const length of LENGTHS) await breakOff(path, length);
  // The server reads a body with Content-Length only for an existing route, and /nothing has none.
  await waitFor('the requests to be told of', async () => (await requests()) >= 3);
  const metrics = await readMetrics(server.url);
  for (const mount of ['rest', 'trpc', 'other']) {
    expect(metrics.value('atrium_http_requests_total', { mount, status: '500' }), mount).toBe(0);
    expect(metrics.value('atrium_calls_total', { mount, outcome: 'INTERNAL' }), mount).toBe(0);
  }
  expect(server.lines.filter((line) => /ERROR|AbortError/.test(line))).toEqual([]);
});
