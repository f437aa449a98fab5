import { isIPv6 } from 'node:net';
import { array, assert, constant, integer, oneof, pre, property } from 'fast-check';
import { expect, test } from 'vitest';
import { addressKey } from '../../core/rate-limit/index.ts';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['0:0:0:0:0:FFFF:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['fe80::2%en1', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
])('gives %s the key %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});

test('gives one key to all calls whose address is unknown', () => {
  expect(addressKey(null)).toBe('unknown');
});

const groups = array(oneof(constant(0), constant(0xffff), integer({ min: 0, max: 0xffff })), {
  minLength: 8,
  maxLength: 8,
});

/** @returns spellings of one address: in full, in upper case, short, with an IPv4 tail, with a zone */
function spellings(address: readonly number[]): string[] {
  const hex = address.map((group) => group.toString(16));
  const [g = 0, h = 0] = address.slice(6);
  const tail = [g >> 8, g & 255, h >> 8, h & 255].join('.');
  const full = hex.map((group) => group.padStart(4, '0')).join(':');
  const short = new URL(`http://[${hex.join(':')}]`).hostname.slice(1, -1);
  return [hex.join(':'), full, full.toUpperCase(), short, `${hex.slice(0, 6).join(':')}:${tail}`, `${short}%eth0`];
}

/** Whether an address is an IPv4-mapped IPv6 address, which has the key of the IPv4 address. */
const isMapped = (address: readonly number[]): boolean =>
  address.slice(0, 5).every((group) => group === 0) && address[5] === 0xffff;

test('gives one key to an IPv6 address in every spelling, and to its whole /64', () => {
  assert(
    property(groups, array(integer({ min: 0, max: 0xffff }), { minLength: 4, maxLength: 4 }), (one, host) => {
      const all = spellings(one);
      expect(all.every(isIPv6)).toBe(true);
      expect(new Set(all.map(addressKey)).size).toBe(1);
      const neighbour = [...one.slice(0, 4), ...host];
      pre(!isMapped(one) && !isMapped(neighbour));
      expect(addressKey(spellings(neighbour)[0] ?? '')).toBe(addressKey(all[0] ?? ''));
    }),
  );
});

test('gives different keys to different /64 networks', () => {
  assert(
    property(groups, groups, (one, other) => {
      pre(one.slice(0, 4).join(':') !== other.slice(0, 4).join(':'));
      const [a = '', b = ''] = [one, other].map((each) => spellings(each)[3]);
      expect(addressKey(a)).not.toBe(addressKey(b));
    }),
  );
});
