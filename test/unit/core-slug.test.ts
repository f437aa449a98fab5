import { expect, test } from 'vitest';
import { parseSlug, roleNameOf, schemaNameOf, slugSchema } from '../../core/tenancy/slug.ts';

test.each(
  ['abc', 'acme', 'acme-labs', 'a1b', 'a-1', 'a-b-c-d', 'x2', 'tenant-1', `a${'b'.repeat(47)}`].filter(
    (slug) => slug.length > 2,
  ),
)('%s is a slug', (slug) => {
  expect(slugSchema.parse(slug)).toBe(slug);
});

test.each([
  '',
  'a',
  'ab',
  `a${'b'.repeat(48)}`,
  'x'.repeat(64),
  '1abc',
  '-abc',
  'abc-',
  'a--b',
  'a_b',
  'Acme',
  'ACME',
  'acmé',
  'аcme',
  'a b',
  ' acme',
  'acme\n',
  'acme\u0000',
  'a.b',
  'a/b',
  'a";drop',
  "a';--",
  'pg_x',
  'pg-toast',
  'pg',
  'public',
  'postgres',
  'current',
  'information-schema',
  'www',
  'admin',
])('%j is no slug', (text) => {
  expect(slugSchema.safeParse(text).success).toBe(false);
  expect(parseSlug(text)).toBeUndefined();
});

test.each([null, undefined, 7, {}, ['acme']])('%j is no slug', (value) => {
  expect(slugSchema.safeParse(value).success).toBe(false);
});

test('a refusal says what is wrong, and not with what', () => {
  const { error } = slugSchema.safeParse('a";drop');
  expect(error?.issues.map(({ message }) => message).join()).not.toContain('drop');
});

test('a slug gives its schema a name of its own, that PostgreSQL does not cut', () => {
  expect(schemaNameOf(slugSchema.parse('acme-labs'))).toBe('tenant_acme_labs');
  const longest = schemaNameOf(slugSchema.parse(`a${'-b'.repeat(23)}c`));
  expect(longest.length).toBeLessThanOrEqual(63);
});

test('no two slugs share a schema', () => {
  const slugs = ['abc', 'a-bc', 'ab-c', 'a-b-c', 'abc1', 'abc-1'].map((slug) => slugSchema.parse(slug));
  expect(new Set(slugs.map(schemaNameOf)).size).toBe(slugs.length);
});

test("a role's name is made of a tenant's id and of nothing else", () => {
  expect(roleNameOf('0190f7c2-0000-7000-8000-00000000000a')).toBe('t_0190f7c2-0000-7000-8000-00000000000a');
  for (const id of [
    '',
    'acme',
    '0190F7C2-0000-7000-8000-00000000000A',
    '0190f7c2-0000-7000-8000-00000000000a"; drop',
  ]) {
    expect(() => roleNameOf(id)).toThrow();
  }
});
