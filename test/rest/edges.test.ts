import { connect as dial } from 'node:net';
import { beforeAll, expect, inject, test } from 'vitest';
import { signUpTenant, type Founder } from '../support/people.ts';

// A malformed path, method or request is refused, and is never taken for another one.
const place = inject('stack');
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});

/** Sends a request line unchanged; `fetch` would normalize it. @param host `null` for none, as in HTTP/1.0 @returns the whole answer */
async function raw(line: string, headers: string[] = [], host?: string | null): Promise<string> {
  const { hostname, port } = new URL(place.url);
  const socket = dial(Number(port), hostname);
  const head = [
    ...(host === null ? [`${line} HTTP/1.0`] : [`${line} HTTP/1.1`, `host: ${host ?? hostname}`]),
    `authorization: Bearer ${ada.tokens().accessToken}`,
    `x-tenant-slug: ${ada.slug}`,
    'connection: close',
    ...headers,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of socket) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  } catch (error) {
    // A server that answers and closes before it has read everything may reset the connection after the answer.
    if (chunks.length === 0) throw error;
  }
  return Buffer.concat(chunks).toString('utf8');
}

const statusOf = (answer: string): number => Number(answer.split(' ')[1]);

test('the path that the paths below are made from is served', async () => {
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
])('the path %s is answered with 404', async (line) => {
  const answer = await raw(line);
  expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
  expect(statusOf(answer)).toBeLessThan(500);
  expect(answer).not.toContain('"items"');
});

test.each(['X-HTTP-Method-Override: DELETE', 'X-Original-URL: /api/v1/admin/users', 'X-Rewrite-URL: /docs'])(
  'the header %s does not change the answer',
  async (header) => {
    const answer = await raw('GET /api/v1/projects', [header]);
    expect(statusOf(answer)).toBe(200);
    expect(answer).toContain('"items"');
  },
);

test.each(['atrium.example', 'atrium.example:8080', '127.0.0.1:1', '[::1]:3000'])(
  'the header Host may be "%s"',
  async (host) => {
    expect(statusOf(await raw('GET /api/v1/projects', [], host))).toBe(200);
  },
);

test.each([null, '', 'x/livez?', 'x/api/v1/projects?', 'x#', 'x?y', 'a@b', 'x y', '[::1', 'x:port'])(
  'the header Host "%s" is refused, and makes no other path',
  async (host) => {
    expect(statusOf(await raw('GET /nothing', [], host))).toBe(400);
    expect(statusOf(await raw('GET /nothing/api/v1/projects', [], host))).toBe(400);
  },
);

test('a Host that would become part of the path is refused in the usual error format', async () => {
  const answer = await raw('GET /nothing', [], 'x/api/v1/projects?');
  expect(answer).toContain('"reason":"VALIDATION_FAILED"');
  expect(answer.toLowerCase()).toContain('x-content-type-options: nosniff');
});

test('too long a request line or header is refused, and the server continues to serve', async () => {
  for (const answer of [
    await raw(`GET /api/v1/projects?cursor=${'x'.repeat(200_000)}`),
    await raw('GET /api/v1/projects', [`x-long: ${'x'.repeat(200_000)}`]),
  ]) {
    expect([400, 413, 414, 431]).toContain(statusOf(answer));
  }
  expect(statusOf(await raw('GET /api/v1/projects'))).toBe(200);
});

/** How long a connection without a complete request may stay open, in ms. Bun closes it after about 15 s. */
const PATIENCE_MS = 30_000;

test.concurrent.each([
  ['says nothing', ''],
  ['stops in the middle of its head', 'GET /livez HTTP/1.1\r\nhost: 127'],
  ['adds to its head for ever', 'GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\n'],
])(
  'a client that %s is cut off',
  async (what, begun) => {
    const { hostname, port } = new URL(place.url);
    const socket = dial(Number(port), hostname);
    socket.on('error', () => undefined).resume();
    if (begun !== '') socket.write(begun);
    const dripping = what.startsWith('adds') && setInterval(() => socket.write('x-more: y\r\n'), 1_000);
    const start = performance.now();
    await new Promise((resolve) => socket.once('close', resolve));
    if (dripping) clearInterval(dripping);
    expect(performance.now() - start).toBeLessThan(PATIENCE_MS);
  },
  PATIENCE_MS * 2,
);

test.each(['x-trailer: 1', 'GET /livez HTTP/1.1', 'POST /api/v1/auth/logout HTTP/1.1'])(
  'behind a chunked body, the trailer "%s" ends the connection, and is served as nothing',
  async (trailer) => {
    const { hostname, port } = new URL(place.url);
    const socket = dial(Number(port), hostname);
    const head = [
      'POST /api/v1/projects HTTP/1.1',
      `host: ${hostname}`,
      'content-type: application/json',
      'transfer-encoding: chunked',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n2\r\n{}\r\n0\r\n${trailer}\r\n\r\nGET /health HTTP/1.1\r\n\r\n`);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
    const statuses = Buffer.concat(chunks)
      .toString('utf8')
      .match(/HTTP\/1\.1 \d{3}/g);
    expect(statuses).toEqual(['HTTP/1.1 401', 'HTTP/1.1 400']);
  },
);

test('a request with two lengths is refused, or read by one of them only', async () => {
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
