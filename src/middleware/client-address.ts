import { isIP, type BlockList } from 'node:net';
import { canonicalAddress } from '../../core/ip-address.ts';

/** What proxies say of where a request came from. Several lines of one header are one list. */
export interface Forwarding {
  /** `X-Forwarded-For`. */
  forwardedFor: string | undefined;
  /** `Forwarded` (RFC 7239). */
  forwarded: string | undefined;
}

/** An address with brackets, a port, or both; the port may be a made-up name (RFC 7239, 6). */
const NODE = /^(?:\[(?<six>[^\]]*)\]|(?<four>[\d.]+))(?::(?:\d{1,5}|_[\w.-]+))?$/;
const FOR = /^\s*for\s*=/i;

/**
 * Who called: the socket's address, or where it is a trusted proxy, the first address that proxies name, from the right,
 * that is not one. Anything malformed ends the walk: what stands left of it could be made up.
 * A proxy writes one of the two headers and may hand on the other as a client made it up. So where both are there they
 * count only if they name the same address.
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

/** @param hops what each proxy saw, the nearest first; `undefined` for what is no address */
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

/** `undefined` where no element has a `for`: the header says something else, such as `proto`, and names nobody. */
function hopsOfForwarded(header: string): (string | undefined)[] | undefined {
  const elements = splitFromRight(header, ',')
    // An empty element counts for nothing (RFC 9110, 5.6.1).
    .filter((element) => element.trim() !== '')
    .map((element) => splitFromRight(element, ';').filter((pair) => FOR.test(pair)));
  if (elements.every((hops) => hops.length === 0)) return undefined;
  return elements.map(([hop, ...more]) =>
    hop === undefined || more.length > 0 ? undefined : addressOf(hop.replace(FOR, '')),
  );
}

/**
 * The parts of a list, the last first, where no separator counts within quotes. It is read from the right, since a
 * client may have begun it: a quote that it left open must not swallow what a proxy added.
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

/** The address in what a proxy writes of a hop: `192.0.2.1`, `192.0.2.1:4711`, `"[2001:db8::1]:4711"`, and the like. */
function addressOf(hop: string): string | undefined {
  const trimmed = hop.trim();
  const node = /^"(.*)"$/.exec(trimmed)?.[1]?.replaceAll(/\\(.)/g, '$1').trim() ?? trimmed;
  const { six, four } = NODE.exec(node)?.groups ?? {};
  // Within brackets there is an IPv6 address.
  if (six !== undefined && isIP(six) !== 6) return undefined;
  return canonicalAddress(six ?? four ?? node);
}

function isTrusted(address: string, trusted: BlockList): boolean {
  return isIP(address) !== 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
