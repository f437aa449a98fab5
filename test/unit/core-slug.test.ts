import { expect, test } from 'vitest';
import { parseSlug, roleNameOf, schemaNameOf, slugSchema } from '../../core/tenancy/slug-format.ts';

test.each(
  ['abc', 'acme', 'acme-labs', 'a1b', 'a-1', 'a-b-c-d', 'x2', 'tenant-1', `a${'b'.repeat(47)}`].filter(
    (slug) => slug.length > 2,
  ),
)('%s is accepted as a slug', (slug) => {
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
])('%j is refused as a slug', (text) => {
  expect(slugSchema.safeParse(text).success).toBe(false);
  expect(parseSlug(text)).toBeUndefined();
});

test.each([null, undefined, 7, {}, ['acme']])('the value %j, which is no text, is refused as a slug', (value) => {
  expect(slugSchema.safeParse(value).success).toBe(false);
});

test('the refusal of a slug says what is wrong, without repeating the slug', () => {
  const { error } = slugSchema.safeParse('a";drop');
  expect(error?.issues.map(({ message }) => message).join()).not.toContain('drop');
});

test('the schema name of a slug is short enough for PostgreSQL', () => {
  expect(schemaNameOf(slugSchema.parse('acme-labs'))).toBe('tenant_acme_labs');
  const longest = schemaNameOf(slugSchema.parse(`a${'-b'.repeat(23)}c`));
  expect(longest.length).toBeLessThanOrEqual(63);
});

test('no two slugs have the same schema name', () => {
  const slugs = ['abc', 'a-bc', 'ab-c', 'a-b-c', 'abc1', 'abc-1'].map((slug) => slugSchema.parse(slug));
  expect(new Set(slugs.map(schemaNameOf)).size).toBe(slugs.length);
});

test("a role's name is made of the tenant's id only", () => {
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
