import { connect as dial } from 'node:net';
import { beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { signUpTenant, PASSWORD, type Founder } from '../support/people.ts';
import { bytes } from './bytes.ts';

// Malformed text in a request line is refused, and a User-Agent is kept.
const place = inject('stack');
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});

/** Sends the bytes of a request line unchanged; `fetch` would encode them again. */
async function get(target: Buffer | string): Promise<string> {
  const { hostname, port } = new URL(place.url);
  const socket = dial(Number(port), hostname);
  const head = [
    `host: ${hostname}`,
    `authorization: Bearer ${ada.tokens().accessToken}`,
    `x-tenant-slug: ${ada.slug}`,
    'connection: close',
  ];
  socket.write(Buffer.concat([bytes('GET '), Buffer.from(target), bytes(` HTTP/1.1\r\n`)]));
  socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

test.each([
  '/api/v1/projects?cursor=%FF',
  '/api/v1/projects?%ff=1',
  '/api/v1/projects/%ff',
  '/api/v1/audit/project/%ED%A0%80',
  '/api/v1/audit?action=%c3',
  '/api/v1/audit?action=a%C3%28b',
  '/api/v1/audit?action=%EF%BF%BD',
  '/trpc/%FF',
  '/trpc/projects.list?input=%FF',
  `/trpc/audit.list?input=${encodeURIComponent(String.raw`{"action":"\ud800"}`)}`,
  String.raw`/trpc/audit.list?input={"action":"\ud800"}`,
  '/api/v1/audit?action=\u00fc',
  '/api/v1/audit/project/\u00c0\u00af',
])(
  'the address %j, a character for each byte, is refused as ill-formed text, and not looked up as something else',
  async (target) => {
    const answer = await get(Buffer.from(target, 'latin1'));
    expect(answer.split('\r\n')[0]).toContain(' 400 ');
    expect(answer).toContain('"message":"must be well-formed UTF-8"');
  },
);

test('a URL path in UTF-8 is accepted, percent-encoded or not', async () => {
  for (const target of [
    '/api/v1/audit?action=m%C3%BCller%20%F0%9F%98%80',
    bytes('/api/v1/audit?action=müller'),
    '/api/v1/audit/project/100%25',
    String.raw`/api/v1/audit?action=%5Cud800`,
    `/trpc/audit.list?input=${encodeURIComponent(String.raw`{"action":"\ud83d\ude00 \\ud800"}`)}`,
  ]) {
    expect((await get(target)).split('\r\n')[0]).toContain(' 200 ');
  }
});

test('a User-Agent is kept as it was sent, in UTF-8 and in ISO 8859-1, and no character of it is cut in two', async () => {
  await using owner = connect(place.databaseOwnerUrl);
  for (const [sent, stored] of [
    [bytes('Müller/1 😀').toString('latin1'), 'Müller/1 😀'],
    ['M\u00fcller/1', 'Müller/1'],
    [bytes('x', '😀'.repeat(310)).toString('latin1'), `x${'😀'.repeat(299)}`],
  ] as const) {
    const { hostname, port } = new URL(place.url);
    const socket = dial(Number(port), hostname);
    const body = JSON.stringify({ email: ada.email, password: PASSWORD });
    const head = [
      'POST /api/v1/auth/login HTTP/1.1',
      `host: ${hostname}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      `user-agent: ${sent}`,
    ];
    socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1'));
    for await (const _ of socket);
    const [session] = await owner.sql`
      select user_agent as agent from public.sessions where user_id = ${ada.userId} order by id desc limit 1`;
    expect(session?.['agent']).toBe(stored);
  }
});
