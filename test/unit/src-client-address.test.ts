import { BlockList } from 'node:net';
import { expect, test } from 'vitest';
import { clientAddress } from '../../src/client-address.ts';

const none = new BlockList();
const proxies = new BlockList();
proxies.addSubnet('10.0.0.0', 8, 'ipv4');
proxies.addSubnet('fd00::', 8, 'ipv6');

test.each<[what: string, socket: string | null, forwarded: string | undefined, expected: string | null]>([
  ['the socket, without a header', '192.0.2.1', undefined, '192.0.2.1'],
  ['the socket, where it is no proxy of ours', '192.0.2.1', '203.0.113.9', '192.0.2.1'],
  ['what our proxy saw', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['the last that is no proxy, read from the right', '10.0.0.1', '198.51.100.7, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
  ['never what a caller wrote before it', '10.0.0.1', '127.0.0.1, 203.0.113.9', '203.0.113.9'],
  ['the farthest proxy, when there are only proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['what stands right of a malformed hop', '10.0.0.1', '198.51.100.7, unknown, 10.0.0.2', '10.0.0.2'],
  ['what stands right of an empty hop', '10.0.0.1', '198.51.100.7,,10.0.0.2', '10.0.0.2'],
  ['the proxy, when the header is empty', '10.0.0.1', '', '10.0.0.1'],
  ['no hop that has a port', '10.0.0.1', '203.0.113.9:1234', '10.0.0.1'],
  ['no hop that has a zone', '10.0.0.1', 'fe80::1%eth0', '10.0.0.1'],
  ['IPv4 as such, where the socket takes both', '::ffff:192.0.2.1', undefined, '192.0.2.1'],
  ['a proxy that is written as IPv6', '::ffff:10.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
  ['an IPv6 address', 'fd00::1', '2001:db8::7', '2001:db8::7'],
  ['nobody, where there is no socket', null, '203.0.113.9', null],
])('takes %s', (_, socket, forwarded, expected) => {
  expect(clientAddress(socket, forwarded, proxies)).toBe(expected);
});

test('believes nobody while no proxy is configured', () => {
  expect(clientAddress('127.0.0.1', '203.0.113.9', none)).toBe('127.0.0.1');
});
