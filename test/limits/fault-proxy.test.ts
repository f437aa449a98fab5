import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { waitFor } from '../support/wait.ts';

/** Sends back what it receives. */
const echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
let port = 0;

beforeAll(async () => {
  echo.listen({ port: 0, host: '127.0.0.1' });
  await once(echo, 'listening');
  port = portOf(echo.address());
});
afterAll(() => void echo.close());

test('the proxy passes everything on by default', async () => {
  await using proxy = await startFaultProxy(port);
  await using one = await dial(proxy.port);
  const long = 'x'.repeat(1_000_000);
  one.say(long);
  await waitFor('all of it', () => one.heard().length >= long.length);
  expect(one.heard()).toBe(long);
});

test('the proxy delays all data', async () => {
  await using proxy = await startFaultProxy(port);
  await using one = await dial(proxy.port);
  proxy.latency(60);
  const begun = performance.now();
  one.say('ping');
  await one.hears('ping');
  expect(performance.now() - begun).toBeGreaterThanOrEqual(118);
});

test('a frozen proxy holds everything back, also on new connections, and passes it on when thawed', async () => {
  await using proxy = await startFaultProxy(port);
  await using one = await dial(proxy.port);
  proxy.freeze();
  one.say('before');
  await using other = await dial(proxy.port);
  other.say('new');
  // When the second, unfrozen proxy has answered, the data has also reached the frozen one.
  await using beside = await startFaultProxy(port);
  await using free = await dial(beside.port);
  free.say('free');
  await free.hears('free');
  expect([one.heard(), other.heard()]).toEqual(['', '']);
  proxy.thaw();
  await one.hears('before');
  await other.hears('new');
});

test('the proxy forgets the open connections and serves new ones', async () => {
  await using proxy = await startFaultProxy(port);
  await using one = await dial(proxy.port);
  one.say('a');
  await one.hears('a');
  proxy.forget();
  one.say('b');
  await using other = await dial(proxy.port);
  other.say('c');
  await other.hears('c');
  expect([one.heard(), one.ended()]).toEqual(['a', undefined]);
});

test('the proxy breaks the open connections with an RST', async () => {
  await using proxy = await startFaultProxy(port);
  await using one = await dial(proxy.port);
  one.say('a');
  await one.hears('a');
  proxy.reset();
  expect(await waitFor('the end', () => one.ended())).toBe('ECONNRESET');
  await using other = await dial(proxy.port);
  other.say('b');
  await other.hears('b');
});

test('the proxy cuts a connection after a number of bytes of the answer', async () => {
  await using proxy = await startFaultProxy(port);
  proxy.cutAfter(5);
  await using one = await dial(proxy.port);
  one.say('abcdefgh');
  await waitFor('the end', () => one.ended());
  expect(one.heard()).toBe('abcde');
});

test('the proxy refuses new connections when told to, and keeps the open ones', async () => {
  await using proxy = await startFaultProxy(port);
  await using one = await dial(proxy.port);
  await proxy.refuse();
  await expect(dial(proxy.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  one.say('still');
  await one.hears('still');
  await proxy.accept();
  await using other = await dial(proxy.port);
  other.say('again');
  await other.hears('again');
});

/** Connects a client that records the received data and the end of its connection. */
async function dial(to: number) {
  const socket: Socket = connect({ port: to, host: '127.0.0.1' });
  await once(socket, 'connect');
  let heard = '';
  let end: string | undefined;
  socket.setEncoding('utf8').on('data', (piece: string) => {
    heard += piece;
  });
  socket.on('error', (error) => {
    end ??= 'code' in error ? String(error.code) : error.message;
  });
  socket.on('close', () => {
    end ??= 'closed';
  });
  return {
    say: (text: string) => void socket.write(text),
    heard: () => heard,
    hears: (text: string) => waitFor('an echo', () => heard === text),
    ended: () => end,
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      await Promise.resolve();
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return address.port;
}
