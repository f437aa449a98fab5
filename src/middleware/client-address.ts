import { isIP, type BlockList } from 'node:net';
import { canonicalAddress } from '../../core/ip-address.ts';

/** The headers in which proxies name the client. Several lines of one header are joined to one list. */
export interface Forwarding {
  /** `X-Forwarded-For`. */
  forwardedFor: string | undefined;
  /** `Forwarded` (RFC 7239). */
  forwarded: string | undefined;
}

/** An address with brackets, a port, or both. The port may be an obfuscated name (RFC 7239, 6). */
const NODE = /^(?:\[(?<six>[^\]]*)\]|(?<four>[\d.]+))(?::(?:\d{1,5}|_[\w.-]+))?$/;
const FOR = /^\s*for\s*=/i;

/**
 * Returns the address of the client. That is the socket's address, unless it belongs to a trusted proxy. Then the header is
 * read from the right, and the first address that is no trusted proxy is the client's. A malformed entry ends the search,
 * because a client could have forged everything to its left.
 *
 * A proxy sets one of the two headers and may pass on the other one as the client sent it. If both are present, they count
 * only if they name the same address. Otherwise the socket's address is returned.
 * @returns `null` if the socket's address is unknown
 */
export function clientAddress(
  socket: string | null,
  { forwardedFor, forwarded }: Forwarding,
  trusted: BlockList,
): string | null {
  if (socket === null) return null;
  const nearest = canonicalAddress(socket) ?? socket;
  const written = [
    forwardedFor === undefined ? undefined : hopsOfList(forwardedFor),
    forwarded === undefined ? undefined : hopsOfForwarded(forwarded),
  ];
  const named = written.flatMap((hops) => (hops === undefined ? [] : [walk(nearest, hops, trusted)]));
  const [address = nearest, other = address] = named;
  return address === other ? address : nearest;
}

/** @param hops the address that each proxy saw, the nearest proxy first; `undefined` for a malformed entry */
function walk(nearest: string, hops: readonly (string | undefined)[], trusted: BlockList): string {
  let address = nearest;
  for (const hop of hops) {
    if (hop === undefined || !isTrusted(address, trusted)) break;
    address = hop;
  }
  return address;
}

function hopsOfList(header: string): (string | undefined)[] {
  return splitFromRight(header, ',').map((hop) => addressOf(hop));
}

/** Returns `undefined` if no element has a `for`, for example if the header has only `proto`. */
function hopsOfForwarded(header: string): (string | undefined)[] | undefined {
  const elements = splitFromRight(header, ',')
    // Empty elements are ignored (RFC 9110, 5.6.1).
    .filter((element) => element.trim() !== '')
    .map((element) => splitFromRight(element, ';').filter((pair) => FOR.test(pair)));
  if (elements.every((hops) => hops.length === 0)) return undefined;
  return elements.map(([hop, ...more]) =>
    hop === undefined || more.length > 0 ? undefined : addressOf(hop.replace(FOR, '')),
  );
}

/**
 * Splits a list, the last part first. A separator within quotes does not count. The list is read from the right, because a
 * client may have written its beginning: a quote that the client left open must not hide what a proxy added.
 */
function splitFromRight(text: string, separator: string): string[] {
  const parts: string[] = [];
  let end = text.length;
  let quoted = false;
  for (let at = text.length - 1; at >= 0; at -= 1) {
    if (text[at] === '"' && text[at - 1] !== '\\') quoted = !quoted;
    if (text[at] !== separator || quoted) continue;
    parts.push(text.slice(at + 1, end));
    end = at;
  }
  return [...parts, text.slice(0, end)];
}

/** Returns the address in an entry such as `192.0.2.1`, `192.0.2.1:4711` or `"[2001:db8::1]:4711"`. */
function addressOf(hop: string): string | undefined {
  const trimmed = hop.trim();
  const node = /^"(.*)"$/.exec(trimmed)?.[1]?.replaceAll(/\\(.)/g, '$1').trim() ?? trimmed;
  const { six, four } = NODE.exec(node)?.groups ?? {};
  // Only an IPv6 address may stand in brackets.
  if (six !== undefined && isIP(six) !== 6) return undefined;
  return canonicalAddress(six ?? four ?? node);
}

function isTrusted(address: string, trusted: BlockList): boolean {
  return isIP(address) !== 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
