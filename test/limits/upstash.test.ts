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
// A stand-in for the REST API of Upstash over a real Redis. Like Upstash it accepts the flags of a script.
const rest = createServer((request, response) => {
  void answer(request).then(({ status, body }) => response.writeHead(status).end(JSON.stringify(body)));
}).listen({ port: 0, host: '127.0.0.1' });
await once(rest, 'listening');
afterAll(async () => {
  rest.close();
  client.destroy();
  await redis[Symbol.asyncDispose]();
});

async function answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return { status: 401, body: { error: 'Unauthorized' } };
  const commands: unknown = JSON.parse(await text(request));
  if (!Array.isArray(commands)) return { status: 400, body: { error: 'no command' } };
  // The client sends concurrent commands as one pipeline.
  if (request.url === '/pipeline') return { status: 200, body: await Promise.all(commands.map(run)) };
  const body = await run(commands);
  return { status: 'error' in body ? 400 : 200, body };
}

function run(command: unknown): Promise<{ result: unknown } | { error: string }> {
  const parts = Array.isArray(command) ? command.map((part) => String(part).replace(/^#!lua flags=[^\n]*\n/, '')) : [];
  return client.sendCommand(parts).then(
    (result) => ({ result }),
    (error: unknown) => ({ error: error instanceof Error ? error.message : 'failed' }),
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
