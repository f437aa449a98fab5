import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, inject, test } from 'vitest';
import { startOwnServer } from '../support/own-server.ts';
import { waitFor } from '../support/wait.ts';

const shared = inject('stack');
/** More answers than fit into the buffers of both ends. */
const ANSWERS = 30;

test('a complete answer that its client does not read is logged and counted as cut', async () => {
  await using server = await startOwnServer(shared, { READER_SECONDS: '10' });
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.pause();
  socket.on('error', () => undefined);
  socket.write('GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(ANSWERS));
  await waitFor(
    'the line of the cut answer',
    () => server.lines.some((line) => line.includes('an answer was cut')),
    60_000,
  );
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toMatch(/^atrium_http_answers_cut_total\{mount="other"\} 1$/m);
  socket.destroy();
});
