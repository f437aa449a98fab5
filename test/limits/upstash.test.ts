import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { createClient } from '@redis/client';
import { afterAll, expect, inject, test } from 'vitest';
import { createUpstashCounter } from '../../core/rate-limit/index.ts';
import { freshSlug } from '../support/people.ts';
import { startOwnRedis } from '../support/redis.ts';
import { withinOneWindow } from './window.ts';

const window = { name: 'tries', tokens: 10, seconds: 3600 };
const TOKEN = 'the-rest-token';

const redis = await startOwnRedis(inject('stack'));
const client = await createClient({ url: `redis://127.0.0.1:${redis.port}` }).connect();
// The REST API of Upstash, over a real Redis. As Upstash, it accepts the flags of a script.
const rest = createServer((request, response) => {
  void answer(request).then(({ status, body }) => response.writeHead(status).end(JSON.stringify(body)));
}).listen({ port: 0, host: '127.0.0.1' });
await once(rest, 'listening');
afterAll(async () => {
  rest.close();
  client.destroy();
  await redis[Symbol.asyncDispose]();
});

async function answer(request: IncomingMessage): Promise<{ status: number; body: object }> {
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return { status: 401, body: { error: 'Unauthorized' } };
  const parsed: unknown = JSON.parse(await text(request));
  const command = Array.isArray(parsed) ? parsed.map((part) => String(part).replace(/^#!lua flags=[^\n]*\n/, '')) : [];
  return await client.sendCommand(command).then(
    (result) => ({ status: 200, body: { result } }),
    (error: unknown) => ({ status: 400, body: { error: error instanceof Error ? error.message : 'failed' } }),
  );
}

function url(): string {
  const address = rest.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return `http://127.0.0.1:${address.port}`;
}

test('counts over REST exactly to the limit, and refunds a count', async () => {
  const counter = createUpstashCounter(url(), TOKEN);
  await withinOneWindow(window.seconds, 5_000);
  const key = freshSlug();
  const counts = await Promise.all(Array.from({ length: 20 }, () => counter.count(window, key)));
  const allowed = counts.filter((count) => count.allowed);
  expect(allowed).toHaveLength(10);
  await allowed[0]?.refund();
  expect(await counter.count(window, key)).toMatchObject({ allowed: true, limit: 10, remaining: 0 });
  expect(await counter.count(window, key)).toMatchObject({ allowed: false, remaining: 0 });
});

test('a count fails over REST with a wrong token', async () => {
  await expect(createUpstashCounter(url(), 'wrong').count(window, freshSlug())).rejects.toThrow('Unauthorized');
});
