import { expect, test } from 'vitest';
import { changesBetween } from '../../db/audit/changes.ts';

test.each([
  ['nothing of what stayed', { a: 1, b: null }, { a: 1, b: null }, {}],
  ['before and after of what changed', { a: 1, b: 2 }, { a: 1, b: 3 }, { b: [2, 3] }],
  ['null for a field that is new', {}, { a: 'x' }, { a: [null, 'x'] }],
  ['null for a field that went', { a: 'x' }, {}, { a: ['x', null] }],
  ['no change from missing to null', {}, { a: null }, {}],
  ['no change from undefined to missing', { a: undefined }, {}, {}],
  [
    'what is falsy as it is',
    { a: 0, b: false, c: '' },
    { a: null, b: true, c: 'x' },
    { a: [0, null], b: [false, true], c: ['', 'x'] },
  ],
  ['nothing of equal structures', { a: { b: [1, 2] } }, { a: { b: [1, 2] } }, {}],
  ['what differs deep within', { a: { b: [1, 2] } }, { a: { b: [2, 1] } }, { a: [{ b: [1, 2] }, { b: [2, 1] }] }],
])('the changes of an audit row show %s', (_, before, after, changes) => {
  expect(changesBetween(before, after)).toEqual(changes);
});
