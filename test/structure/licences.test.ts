import { expect, test } from 'vitest';
import { bom, refusedLicences } from '../../deploy/licences.ts';

const component = (name: string, ...licenses: object[]) => ({ name, version: '1.0.0', licenses });
const check = (...components: object[]) => refusedLicences(bom.parse({ components }));

test('a component whose licence puts conditions on those who build on it is reported', () => {
  expect(
    check(
      component('free', { license: { id: 'MIT' } }),
      component('viral', { license: { id: 'AGPL-3.0-only' } }),
      component('both', { expression: 'MIT AND GPL-3.0-only' }),
      component('own words', { license: { name: 'Custom' } }),
      component('two', { license: { id: 'MIT' } }, { license: { id: 'SSPL-1.0' } }),
    ),
  ).toEqual([
    'viral 1.0.0: AGPL-3.0-only',
    'both 1.0.0: MIT AND GPL-3.0-only',
    'own words 1.0.0: Custom',
    'two 1.0.0: MIT, SSPL-1.0',
  ]);
});

test('a component without a licence is reported', () => {
  expect(check({ name: 'mute', version: '2.0.0' })).toEqual(['mute 2.0.0: says nothing']);
});

test('one accepted licence of a choice suffices, and all licences of a combination must be accepted', () => {
  expect(
    check(
      component('choice', { expression: '(MIT OR GPL-3.0-only)' }),
      component('together', { expression: 'Apache-2.0 AND MIT' }),
    ),
  ).toEqual([]);
});
