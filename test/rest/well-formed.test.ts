import { connect as dial } from 'node:net';
import { beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { expectError } from '../support/guards.ts';
import { MOUNTS, onBothMounts, resultOf, type Mount } from '../support/mounts.ts';
import { startOwnServer } from '../support/own-server.ts';
import { signUpTenant, freshEmail, PASSWORD, type Founder } from '../support/people.ts';
import { at, reasonOf, rest, type Answer } from '../support/rest.ts';
import { freshSignUp, storedOf } from '../support/sign-ups.ts';

// Malformed text is refused. The server neither repairs it nor guesses its meaning.
const place = inject('stack');
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});

const bytes = (...parts: (string | number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

const PATHS = {
  register: { tRPC: '/trpc/auth.register', REST: '/api/v1/auth/register' },
  login: { tRPC: '/trpc/auth.login', REST: '/api/v1/auth/login' },
  logout: { tRPC: '/trpc/auth.logout', REST: '/api/v1/auth/logout' },
  create: { tRPC: '/trpc/projects.create', REST: '/api/v1/projects' },
} as const satisfies Record<string, Record<Mount, string>>;

/** Sends bytes unchanged. */
async function send(
  path: string,
  body: Buffer | string,
  headers: Record<string, string> = {},
  url = place.url,
): Promise<Answer> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${ada.tokens().accessToken}`,
      'x-tenant-slug': ada.slug,
      ...headers,
    },
    body: new Uint8Array(Buffer.from(body)),
  });
  const text = await response.text();
  const parsed: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: response.status, headers: response.headers, body: parsed };
}

const ILL_FORMED = {
  'a byte of ISO 8859-1': [0xfc],
  'a sequence that is cut off': [0xe2, 0x82],
  'a continuation alone': [0x80],
  'a slash in two bytes': [0xc0, 0xaf],
  'a NUL in two bytes': [0xc0, 0x80],
  'half of a surrogate pair': [0xed, 0xa0, 0x80],
  'a surrogate pair in six bytes': [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
  'a code point past the last': [0xf4, 0x90, 0x80, 0x80],
};

const names = Object.entries(ILL_FORMED).map(([what, sequence]) => ({ what, sequence }));
for (const { mount, what, sequence } of onBothMounts(names)) {
  test(`${mount} refuses a body with ${what}, and stores nothing`, async () => {
    const good = freshSignUp();
    const [before = '', after = ''] = JSON.stringify({ ...good, fullName: 'M|ller' }).split('|');
    const answer = await send(PATHS.register[mount], bytes(before, sequence, after));
    expect([answer.status, reasonOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
    expectError(mount, answer);
    expect(await storedOf(place, good)).toBe(0);
  });
}

/** JSON escapes, with their backslashes as sent. */
const ESCAPES = [
  String.raw`{"email": "a@example.com", "password": "\ud800"}`,
  String.raw`{"email": "a@example.com", "password": "\uDFFF\uD800"}`,
  String.raw`{"email": "a@example.com", "password": "\\\ud83d😀"}`,
  String.raw`{"email": "\udc00@example.com", "password": "x"}`,
  String.raw`{"email": "a@example.com", "password": "x", "tenantSlug": "\ud800"}`,
  String.raw`{"email": "a@example.com", "password": "x", "\ud800": 1}`,
  String.raw`{"email": "a@example.com", "password": {"deep": [{"\ude00": "\ud83d"}]}}`,
];
for (const { mount, body } of onBothMounts(ESCAPES.map((text) => ({ body: text })))) {
  test(`${mount} refuses half of a surrogate pair, wherever it stands: ${body}`, async () => {
    const answer = await send(PATHS.login[mount], body);
    expect([answer.status, reasonOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
    const issues = at(answer.body, 'issues') ?? at(answer.body, 'error', 'data', 'issues');
    expect(issues).toEqual([{ path: [], message: 'must be well-formed UTF-8' }]);
  });
}

for (const mount of MOUNTS) {
  test(`${mount} refuses ill-formed text in a batch, in a body without use, and under an unknown token`, async () => {
    const answers = [
      await send(PATHS.logout[mount], bytes('"', [0xff], '"')),
      await send(PATHS.create[mount], bytes('{"name":"M', [0xfc], 'ller"}'), { authorization: 'Bearer nobody' }),
      ...(mount === 'tRPC'
        ? [
            await send(
              '/trpc/projects.create,projects.create?batch=1',
              String.raw`{"0":{"name":"a"},"1":{"name":"\ud800"}}`,
            ),
          ]
        : []),
    ];
    for (const answer of answers) expect([answer.status, reasonOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
    expect((await rest(place.url, 'GET', '/users/me', { token: ada.tokens().accessToken })).status).toBe(200);
  });

  test(`${mount} stores text outside of ASCII unchanged, with and without JSON escapes`, async () => {
    for (const [sent, stored] of [
      ['"Müller 😀"', 'Müller 😀'],
      [String.raw`"M\u00fcller \ud83d\ude00 \\ud800"`, String.raw`Müller 😀 \ud800`],
    ] as const) {
      const description = `${stored} ${mount}`;
      const body = `{"name": ${JSON.stringify(freshEmail(mount))}, "description": ${sent.slice(0, -1)} ${mount}"}`;
      const answer = await send(PATHS.create[mount], body, { 'content-type': 'Application/JSON; charset="UTF-8"' });
      expect(at(resultOf(mount, answer), 'description')).toBe(description);
    }
  });

  test(`${mount} ignores a byte order mark at the beginning of a body`, async () => {
    const name = freshEmail(mount);
    const answer = await send(PATHS.create[mount], bytes([0xef, 0xbb, 0xbf], JSON.stringify({ name })));
    expect(at(resultOf(mount, answer), 'name')).toBe(name);
  });
}

const UNREAD = [
  { 'content-encoding': 'gzip' },
  { 'content-encoding': 'identity, br' },
  { 'content-encoding': 'x-unheard-of' },
  { 'content-type': 'application/json; charset=iso-8859-1' },
  { 'content-type': 'application/json;charset="utf-16"' },
  { 'content-type': 'application/json; charset=utf-8; charset=latin1' },
  { 'content-type': 'application/json; x=";"; CharSet = windows-1252' },
  { 'content-type': 'application/json; charset=utf-8, text/plain' },
  { 'content-type': 'application/json; charset=' },
  { 'content-type': "application/json; charset*=us-ascii'en'utf-8" },
];
for (const { mount, headers } of onBothMounts(UNREAD.map((sent) => ({ headers: sent })))) {
  test(`${mount} refuses a body with ${JSON.stringify(headers)} as an unsupported media type`, async () => {
    const good = freshSignUp();
    const answer = await send(PATHS.register[mount], JSON.stringify(good), headers);
    expect([answer.status, reasonOf(answer)]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(answer.headers.get('accept-encoding')).toBe('identity');
    expectError(mount, answer);
    expect(await storedOf(place, good)).toBe(0);
  });
}

for (const mount of MOUNTS) {
  test(`${mount} accepts a body declared as US-ASCII or identity, if it is`, async () => {
    const ascii = { 'content-type': 'application/json; charset=us-ascii', 'content-encoding': 'identity' };
    const taken = await send(PATHS.create[mount], JSON.stringify({ name: freshEmail(mount) }), ascii);
    expect(taken.status).toBeLessThan(300);
    const refused = await send(PATHS.create[mount], JSON.stringify({ name: 'Müller' }), ascii);
    expect([refused.status, reasonOf(refused)]).toEqual([400, 'VALIDATION_FAILED']);
  });
}

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

test('ill-formed requests count against the rate limit of their address like others', async () => {
  await using server = await startOwnServer(place, { RATE_LIMIT_FACTOR: '1' });
  const paths = MOUNTS.flatMap((mount) => Array.from({ length: 155 }, () => PATHS.login[mount]));
  const answers = await Promise.all(paths.map((path) => send(path, bytes([0xff]), {}, server.url)));
  const limited = answers.filter((answer) => reasonOf(answer) === 'RATE_LIMITED');
  expect(limited).toHaveLength(10);
  for (const { status, headers } of limited) {
    expect([status, headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')]).toEqual([429, '300', '0']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
});
