import { isIP, type BlockList } from 'node:net';

/**
 * Who called: the socket's address, or where it is a trusted proxy, the first address of `X-Forwarded-For`, from the
 * right, that is not one. Anything malformed ends the walk: what stands left of it could be made up.
 */
export function clientAddress(
  socket: string | null,
  forwardedFor: string | undefined,
  trusted: BlockList,
): string | null {
  let address = socket === null ? null : plain(socket);
  if (forwardedFor === undefined) return address;
  for (const hop of forwardedFor.split(',').toReversed()) {
    if (address === null || !isTrusted(address, trusted)) return address;
    const next = plain(hop.trim());
    // The zone of an address (`fe80::1%eth0`) means nothing to anyone else.
    if (isIP(next) === 0 || next.includes('%')) return address;
    address = next;
  }
  return address;
}

/** IPv4 as such, also where a socket for both families writes it as `::ffff:192.0.2.1`. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

function isTrusted(address: string, trusted: BlockList): boolean {
  return trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
