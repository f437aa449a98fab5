import { connect as dial } from 'node:net';
import { beforeAll, expect, inject, test } from 'vitest';
import { foundTenant, type Founder } from '../support/people.ts';

// What is not quite a path, a method or a request is nothing, and never something else.
const place = inject('stack');
let ada: Founder;

beforeAll(async () => {
  ada = await foundTenant(place);
});

/** Sends a request line as it stands, which `fetch` would tidy up. @returns the status line and all after it */
async function raw(line: string, headers: string[] = []): Promise<string> {
  const { hostname, port } = new URL(place.url);
  const socket = dial(Number(port), hostname);
  const head = [
    `${line} HTTP/1.1`,
    `host: ${hostname}`,
    `authorization: Bearer ${ada.tokens().accessToken}`,
    `x-tenant-slug: ${ada.slug}`,
    'connection: close',
    ...headers,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

const statusOf = (answer: string): number => Number(answer.split(' ')[1]);

test('the path that the others are made from is served', async () => {
  expect(statusOf(await raw('GET /api/v1/projects'))).toBe(200);
});

test.each([
  'GET //api/v1/projects',
  'GET /api//v1/projects',
  'GET /api/v1//projects',
  'GET /api/v1/projects/',
  'GET /API/v1/projects',
  'GET /api/v1/Projects',
  'GET /api%2fv1/projects',
  'GET /api/v1%2fprojects',
  'GET /api/v1/projects%00',
  'GET /api/v1/projects;x=1',
  'GET /api/v1/projects%2f..%2f..%2fadmin%2fusers',
  'PUT /api/v1/projects',
  'PROPFIND /api/v1/projects',
])('%s is nothing', async (line) => {
  const answer = await raw(line);
  expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
  expect(statusOf(answer)).toBeLessThan(500);
  expect(answer).not.toContain('"items"');
});

test.each(['X-HTTP-Method-Override: DELETE', 'X-Original-URL: /api/v1/admin/users', 'X-Rewrite-URL: /docs'])(
  'the header %s changes nothing',
  async (header) => {
    const answer = await raw('GET /api/v1/projects', [header]);
    expect(statusOf(answer)).toBe(200);
    expect(answer).toContain('"items"');
  },
);

test('a request line or headers beyond measure are refused, and the server serves on', async () => {
  for (const answer of [
    await raw(`GET /api/v1/projects?cursor=${'x'.repeat(200_000)}`),
    await raw('GET /api/v1/projects', [`x-long: ${'x'.repeat(200_000)}`]),
  ]) {
    expect([400, 413, 414, 431]).toContain(statusOf(answer));
  }
  expect(statusOf(await raw('GET /api/v1/projects'))).toBe(200);
});

test('a length said twice, or in two ways, is refused or read once', async () => {
  const twice = await raw('POST /api/v1/projects', [
    'content-type: application/json',
    'content-length: 0',
    'content-length: 5',
  ]);
  expect(statusOf(twice)).toBeGreaterThanOrEqual(400);
  const both = await raw('POST /api/v1/projects', [
    'content-type: application/json',
    'content-length: 3',
    'transfer-encoding: chunked',
  ]);
  expect(statusOf(both)).toBeGreaterThanOrEqual(400);
});
