import { expect, inject, test } from 'vitest';
import { expectError } from './support/guards.ts';
import { aString } from './support/matchers.ts';
import { callOn, errorOf, onBothMounts } from './support/mounts.ts';
import { at } from './support/rest.ts';
import { freshSignUp, storedOf, type SignUp } from './support/sign-ups.ts';

const place = inject('stack');

interface Case {
  what: string;
  /** The body, as an object or as text. */
  body: (good: SignUp) => unknown;
  /** The paths of the expected issues, in order; an empty path for the whole input. */
  paths?: string[];
}

const without = (name: keyof SignUp) => (good: SignUp) => ({ ...good, [name]: undefined });
const withValue = (name: string, value: unknown) => (good: SignUp) => ({ ...good, [name]: value });

const FIELDS = ['email', 'password', 'fullName', 'tenantName', 'tenantSlug'] as const;
const BAD_SLUGS = [
  'a";drop',
  'public',
  'pg_x',
  'pg-x',
  'a'.repeat(64),
  'a'.repeat(49),
  '-a',
  'abc-',
  'a--b',
  'A',
  'Acme',
  'ab',
  '1abc',
  'äcme',
  'a b',
  '',
  'current',
  '../etc',
  'acme\n',
  "x'; drop table users --",
];

const CASES: Case[] = [
  ...FIELDS.map((name) => ({ what: `no ${name}`, body: without(name), paths: [name] })),
  ...FIELDS.flatMap((name) =>
    [null, 7, true, {}, []].map((value) => ({
      what: `${JSON.stringify(value)} as ${name}`,
      body: withValue(name, value),
      paths: [name],
    })),
  ),
  ...BAD_SLUGS.map((slug) => ({
    what: `the slug ${JSON.stringify(slug)}`,
    body: withValue('tenantSlug', slug),
    paths: ['tenantSlug'],
  })),
  ...[
    '',
    'ada',
    'ada@',
    '@example.com',
    'a b@example.com',
    `${'a'.repeat(250)}@example.com`,
    `${'a'.repeat(65)}@example.com`,
    `ada@${'a'.repeat(64)}.com`,
    'ada@example-.com',
    'ada@example.com\0',
  ].map((email) => ({
    what: `the e-mail ${JSON.stringify(email).slice(0, 30)}`,
    body: withValue('email', email),
    paths: ['email'],
  })),
  ...['', '   ', 'a'.repeat(101), 'a\0b', 'a\nb', 'a\u001b[31m', '\u200b', 'a\u202eb', 'a\u2028b'].map((name) => ({
    what: `the name ${JSON.stringify(name).slice(0, 30)}`,
    body: withValue('fullName', name),
    paths: ['fullName'],
  })),
  { what: 'a field that nobody knows', body: withValue('isSuperuser', true), paths: [''] },
  {
    what: '__proto__ as a field',
    body: (good) => JSON.stringify(good).replace('{', '{"__proto__":{"isSuperuser":true},'),
    paths: [''],
  },
  {
    what: 'constructor as a field',
    body: (good) => JSON.stringify(good).replace('{', '{"constructor":{"prototype":{}},'),
    paths: [''],
  },
  { what: 'an empty object', body: () => ({}), paths: [...FIELDS] },
  { what: 'null', body: () => 'null', paths: [''] },
  { what: 'a list', body: (good) => JSON.stringify([good]), paths: [''] },
  { what: 'a text', body: () => '"register"', paths: [''] },
  { what: 'a number', body: () => '7', paths: [''] },
  { what: 'JSON that is cut off', body: (good) => JSON.stringify(good).slice(0, -1), paths: [''] },
  { what: 'what is no JSON at all', body: () => '<xml/>', paths: [''] },
  { what: 'an empty body', body: () => '', paths: [''] },
  { what: 'a form', body: (good) => new URLSearchParams({ ...good }).toString(), paths: [''] },
  { what: 'JSON nested 50,000 deep', body: () => '['.repeat(50_000) + ']'.repeat(50_000), paths: [''] },
];

for (const { mount, what, body, paths } of onBothMounts(CASES)) {
  test(`${mount} refuses to register ${what}, and stores nothing`, async () => {
    const good = freshSignUp();
    const answer = await callOn(mount, place.url, 'auth.register', { body: body(good) });

    expect([answer.status, at(errorOf(mount, answer), 'reason')]).toEqual([400, 'VALIDATION_FAILED']);
    expectError(mount, answer);
    const issues = at(errorOf(mount, answer), 'issues');
    if (!Array.isArray(issues)) throw new Error('No issues');
    expect(new Set(issues.map((issue) => at(issue, 'path', 0) ?? ''))).toEqual(new Set(paths));
    for (const issue of issues) expect(at(issue, 'message')).toEqual(aString);
    expect(await storedOf(place, good)).toBe(0);
  });
}

for (const { mount, token } of onBothMounts(
  ['', 'x', '.', 'a.b', `${crypto.randomUUID()}.`, `${crypto.randomUUID()}.${'A'.repeat(43)}`, "' or 1=1 --", '\0'].map(
    (text) => ({ token: text }),
  ),
)) {
  test(`${mount} refuses ${JSON.stringify(token)} as a mailed token`, async () => {
    const answer = await callOn(mount, place.url, 'auth.verifyEmail', { body: { token } });
    expect([answer.status, at(errorOf(mount, answer), 'reason')]).toEqual([400, 'TOKEN_INVALID']);
    expectError(mount, answer);
  });
}

for (const { mount, body } of onBothMounts([
  { body: '{"password": hunter2secret}' },
  { body: '{"password": "hunter2secret}' },
  { body: 'hunter2secret' },
])) {
  test(`${mount} does not repeat a body that it could not parse: ${body}`, async () => {
    const answer = await callOn(mount, place.url, 'auth.login', { body });
    expect(at(errorOf(mount, answer), 'issues')).toEqual([{ path: [], message: 'must be well-formed JSON' }]);
    expect(JSON.stringify(answer.body)).not.toContain('hunter2secret');
  });
}
