import { beforeAll, expect, inject, test } from 'vitest';
import { expectError } from '../support/guards.ts';
import { MOUNTS, onBothMounts, resultOf, type Mount } from '../support/mounts.ts';
import { startOwnServer } from '../support/own-server.ts';
import { signUpTenant, freshEmail, type Founder } from '../support/people.ts';
import { at, reasonOf, rest, type Answer } from '../support/rest.ts';
import { freshSignUp, storedOf } from '../support/sign-ups.ts';
import { bytes } from './bytes.ts';

// Malformed text is refused. The server neither repairs it nor guesses its meaning.
const place = inject('stack');
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});

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
