import { expect, test } from 'vitest';
import { z } from 'zod';
import { decodeQuery } from '../../src/rest/query.ts';

const decode = decodeQuery(
  z.strictObject({
    limit: z.int().min(1).max(100).default(50),
    ratio: z.number().optional(),
    deep: z.boolean().optional(),
    name: z.string().optional(),
    tags: z.array(z.string()).optional(),
  }),
);

test.each([
  ['a number where the schema has one', { limit: ['5'] }, { limit: 5 }],
  ['zero', { limit: ['0'] }, { limit: 0 }],
  ['a negative number', { ratio: ['-1.5'] }, { ratio: -1.5 }],
  ['true', { deep: ['true'] }, { deep: true }],
  ['false', { deep: ['false'] }, { deep: false }],
  ['a text of digits where the schema has a text', { name: ['007'] }, { name: '007' }],
  ['a text "true" where the schema has a text', { name: ['true'] }, { name: 'true' }],
  ['a list of one', { tags: ['a'] }, { tags: ['a'] }],
  ['a list of many', { tags: ['a', 'b'] }, { tags: ['a', 'b'] }],
  ['an empty text', { name: [''] }, { name: '' }],
])('the query decoder reads %s', (_, query, expected) => {
  expect(decode(query)).toEqual(expected);
});

test.each([
  ['no number', { limit: ['5x'] }, { limit: '5x' }],
  ['a number in hexadecimal', { limit: ['0x10'] }, { limit: '0x10' }],
  ['infinity', { ratio: ['Infinity'] }, { ratio: 'Infinity' }],
  ['an empty text for a number', { limit: [''] }, { limit: '' }],
  ['yes for a boolean', { deep: ['yes'] }, { deep: 'yes' }],
  ['a number twice', { limit: ['1', '2'] }, { limit: ['1', '2'] }],
  ['what the schema does not know', { other: ['1'] }, { other: '1' }],
  ['the name of an inherited property', { toString: ['1'] }, { toString: '1' }],
])('the query decoder leaves %s unchanged for the schema', (_, query, expected) => {
  expect(decode(query)).toEqual(expected);
});

test('the query decoder treats __proto__ like any other name', () => {
  const decoded = decode(Object.fromEntries([['__proto__', ['x']]]));
  expect(Object.keys(decoded)).toEqual(['__proto__']);
  expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
});

test('the query decoder does not change the schema', () => {
  const schema = z.strictObject({ limit: z.int() });
  decodeQuery(schema)({ limit: ['5'] });
  expect(schema.safeParse({ limit: '5' }).success).toBe(false);
});
