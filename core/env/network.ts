import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { list } from './values.ts';

const LABEL = '[a-z\\d](?:[a-z\\d-]{0,61}[a-z\\d])?';
/** RFC 1123, 2.1. The last label is not all digits, since that would be an IP address. */
const HOST_NAME = new RegExp(`^(?=.{1,253}$)(?:${LABEL}\\.)*(?!\\d+$)${LABEL}$`, 'i');

/** The IP address or host name that a process listens on. */
export function host() {
  return z
    .string()
    .refine((text) => isAddress(text) || HOST_NAME.test(text), 'must be an IP address or a host name of this machine');
}

/** The name in a TLS certificate. */
export function hostName() {
  return z.string().regex(HOST_NAME, 'must be a host name');
}

/** `host:port`, as Temporal's address is written. Underscores are allowed, since names of containers may have them. */
export function hostAndPort(missing: string) {
  const error = 'must be host:port without http://, for example temporal.example.com:7233 or [::1]:7233';
  return z.string({ error: missing }).refine((text) => {
    const [, bracketed, name, port] = /^(?:\[([^\]]+)\]|([\w.-]+)):([1-9]\d{0,4})$/.exec(text) ?? [];
    return (bracketed === undefined ? name !== undefined : isIP(bracketed) === 6) && Number(port) <= 65_535;
  }, error);
}

/** Comma-separated web origins, exactly as browsers and web views of apps send them. */
export function origins() {
  const origin = z
    .string()
    .refine((text) => !text.includes('*'), {
      error: 'must be exact origins; the wildcard * is not supported, so list each origin',
      abort: true,
    })
    .refine(isOrigin, {
      error:
        'must be exact origins, in lower case and without a path or a slash at the end, for example https://app.example.com ' +
        'or capacitor://localhost',
    });
  return list(origin);
}

/** Whether a text is the origin of a web page, or of an app or a browser extension with a scheme of its own. */
function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, origin } = new URL(text);
  if (protocol === 'http:' || protocol === 'https:') return origin === text;
  // Other schemes, such as that of an app, have the origin `null` here. A file has it too, but is no origin of an app.
  return origin === 'null' && protocol !== 'file:' && /^[a-z][a-z\d+.-]*:\/\/[\w.-]+(?::[1-9]\d{0,4})?$/.test(text);
}

/** Comma-separated names of HTTP headers (RFC 9110, 5.1). They become lower case. */
export function headerNames() {
  const error = 'must be comma-separated names of request headers, for example baggage,sentry-trace';
  return list(
    z
      .string()
      .regex(/^[\w!#$%&'*+.^`|~-]{1,100}$/, error)
      .refine((name) => name !== '*', error)
      .toLowerCase(),
  );
}

export function cidrs() {
  const cidr = z.string().refine(isCidr, 'must be IP addresses or CIDR ranges, for example 10.0.0.0/8');
  return list(cidr).transform((ranges) => {
    const block = new BlockList();
    for (const range of ranges) {
      const [address = '', bits] = range.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      block.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
    }
    return block;
  });
}

function isCidr(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  if (!isAddress(address) || rest.length > 0) return false;
  return bits === undefined || (/^(?:0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= (isIP(address) === 6 ? 128 : 32));
}

/** Whether a text is an IP address without a zone (`fe80::1%eth0`), which is only valid on one machine. */
function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%');
}
