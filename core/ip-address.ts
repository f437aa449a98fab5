import { isIP, isIPv4 } from 'node:net';

/** An IPv4 address that is mapped into IPv6, as a URL writes it (RFC 4291, 2.5.5.2). */
const MAPPED = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/;

/**
 * @returns the canonical form of an IP address: IPv6 by RFC 5952, and a mapped IPv4 address as plain IPv4. `undefined` if
 *   the text is not an address, or has a zone (`fe80::1%eth0`), which is only valid on one machine.
 */
export function canonicalAddress(text: string): string | undefined {
  if (isIP(text) === 0 || text.includes('%')) return undefined;
  if (isIPv4(text)) return text;
  const address = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [, high, low] = MAPPED.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  const bytes = [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
  return bytes.join('.');
}
