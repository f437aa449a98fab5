import { BlockList } from 'node:net';
import { expect, test } from 'vitest';
import { clientAddress } from '../../src/middleware/client-address.ts';

const none = new BlockList();
const proxies = new BlockList();
proxies.addSubnet('10.0.0.0', 8, 'ipv4');
proxies.addSubnet('fd00::', 8, 'ipv6');

/** @returns the client address of a call from `socket` */
function seen(
  socket: string | null,
  { list, forwarded }: { list?: string | undefined; forwarded?: string },
  trusted = proxies,
): string | null {
  return clientAddress(socket, { forwardedFor: list, forwarded }, trusted);
}

test.each<[what: string, socket: string | null, list: string | undefined, expected: string | null]>([
  ['the socket, without a header', '192.0.2.1', undefined, '192.0.2.1'],
  ['the socket, where it is no proxy of ours', '192.0.2.1', '203.0.113.9', '192.0.2.1'],
  ['what our proxy saw', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['the last that is no proxy, read from the right', '10.0.0.1', '198.51.100.7, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
  ['never what a caller wrote before it', '10.0.0.1', '127.0.0.1, 203.0.113.9', '203.0.113.9'],
  ['the farthest proxy, when there are only proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['what stands right of a malformed hop', '10.0.0.1', '198.51.100.7, unknown, 10.0.0.2', '10.0.0.2'],
  ['what stands right of an empty hop', '10.0.0.1', '198.51.100.7,,10.0.0.2', '10.0.0.2'],
  ['what stands right of a quote left open', '10.0.0.1', '198.51.100.7, ", 203.0.113.9', '203.0.113.9'],
  ['the proxy, when the header is empty', '10.0.0.1', '', '10.0.0.1'],
  ['no hop that has a zone', '10.0.0.1', 'fe80::1%eth0', '10.0.0.1'],
  ['IPv4 as such, where the socket takes both', '::ffff:192.0.2.1', undefined, '192.0.2.1'],
  ['a proxy that is written as IPv6', '::ffff:10.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
  ['an IPv6 address', 'fd00::1', '2001:db8::7', '2001:db8::7'],
  ['nobody, where there is no socket', null, '203.0.113.9', null],
])('the client address is %s', (_, socket, list, expected) => {
  expect(seen(socket, { list })).toBe(expected);
});

/** Each form in which proxies write an address, and its canonical form. */
const FORMS: [written: string, expected: string][] = [
  ['203.0.113.7:4711', '203.0.113.7'],
  ['203.0.113.7:_port', '203.0.113.7'],
  [' 203.0.113.7 ', '203.0.113.7'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['2001:db8::1', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8:0000::0001]:4711', '2001:db8::1'],
  ['2001:db8:0:1:0:0:0:1', '2001:db8:0:1::1'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::ffff:cb00:7107', '203.0.113.7'],
  ['::FFFF:203.0.113.7', '203.0.113.7'],
  ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
  ['0000:0000:0000:0000:0000:ffff:cb00:7107', '203.0.113.7'],
  ['[::ffff:203.0.113.7]:4711', '203.0.113.7'],
  ['::ffff:0:0', '0.0.0.0'],
];

test.each(FORMS)('takes %j for %s in X-Forwarded-For and in Forwarded, quoted or not', (written, expected) => {
  expect(seen('10.0.0.1', { list: written })).toBe(expected);
  expect(seen('10.0.0.1', { list: `198.51.100.7, "${written}"` })).toBe(expected);
  expect(seen('10.0.0.1', { forwarded: `for="${written}"` })).toBe(expected);
  expect(seen('10.0.0.1', { forwarded: `For = "${written}" ;proto=https;by=10.0.0.1` })).toBe(expected);
  expect(seen('10.0.0.1', { forwarded: `for=198.51.100.7, proto=http;host="a,b;c";for=${written}` })).toBe(expected);
});

test.each([
  'unknown',
  '_hidden',
  '"_hidden"',
  '',
  '""',
  '-',
  'example.com',
  '203.0.113.7:',
  '203.0.113.7:123456',
  '203.0.113.7:4711:4711',
  '203.0.113',
  '203.0.113.256',
  '0xcb007107',
  '[203.0.113.7]:4711',
  '[2001:db8::1',
  '2001:db8::1]',
  '[2001:db8::1]4711',
  '[fe80::1%eth0]:4711',
  '2001:db8::1::1',
  '203.0.113.7 198.51.100.7',
])('finds no address in %j, nor left of it', (written) => {
  expect(seen('10.0.0.1', { list: `198.51.100.7, ${written}` })).toBe('10.0.0.1');
  expect(seen('10.0.0.1', { forwarded: `for=198.51.100.7, for=${written}` })).toBe('10.0.0.1');
});

test.each<[what: string, forwarded: string, expected: string]>([
  ['the last that is no proxy', 'for=198.51.100.7, for=203.0.113.9;by=10.0.0.3, for=10.0.0.2', '203.0.113.9'],
  ['escapes within quotes', String.raw`for="\[2001:db8::1\]"`, '2001:db8::1'],
  ['no hop without "for"', 'for=198.51.100.7, by=10.0.0.2;proto=https', '10.0.0.1'],
  ['no hop with two', 'for=198.51.100.7;for=203.0.113.9', '10.0.0.1'],
  ['what a proxy added behind a quote left open', 'for="198.51.100.7, for=203.0.113.9', '203.0.113.9'],
  ['the same, quoted', 'for=", for="[2001:db8::1]:4711"', '2001:db8::1'],
  ['no name that ends as "for" does', 'xfor=198.51.100.7', '10.0.0.1'],
])('takes %s from Forwarded', (_, forwarded, expected) => {
  expect(seen('10.0.0.1', { forwarded })).toBe(expected);
});

test.each(['', ' ', ',', 'proto=https;host=a', 'by=10.0.0.2, proto=https', 'host="for=198.51.100.7"'])(
  'takes a Forwarded of %j, which has no "for", as absent',
  (forwarded) => {
    expect(seen('10.0.0.1', { list: '198.51.100.7, 203.0.113.9', forwarded })).toBe('203.0.113.9');
    expect(seen('10.0.0.1', { forwarded })).toBe('10.0.0.1');
  },
);

test('skips empty elements of Forwarded', () => {
  expect(seen('10.0.0.1', { forwarded: ', for=203.0.113.9, ,for=10.0.0.2,' })).toBe('203.0.113.9');
});

test('ignores an address that only one of two headers contains, since a client may have invented it', () => {
  const made = { list: '198.51.100.7', forwarded: 'for=203.0.113.9' };
  expect(seen('10.0.0.1', made)).toBe('10.0.0.1');
  expect(seen('10.0.0.1', { ...made, list: '' })).toBe('10.0.0.1');
  expect(seen('10.0.0.1', { ...made, list: '203.0.113.9:4711' })).toBe('203.0.113.9');
  expect(seen('192.0.2.1', made)).toBe('192.0.2.1');
});

test('believes nobody while no proxy is configured', () => {
  expect(seen('127.0.0.1', { list: '203.0.113.9', forwarded: 'for=203.0.113.9' }, none)).toBe('127.0.0.1');
});
