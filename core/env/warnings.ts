import type { BlockList } from 'node:net';

/** Sample addresses from all over the public internet, without private ranges such as 10.0.0.0/8. */
const PUBLIC_IPV4 = Array.from({ length: 223 }, (_, index) => index + 1)
  .filter((octet) => octet !== 10 && octet !== 127)
  .map((octet) => `${octet}.85.170.1`);
const PUBLIC_IPV6 = Array.from({ length: 224 }, (_, index) => `${(0x2000 + index * 0x20).toString(16)}:5555:aaaa::1`);
/** If TRUSTED_PROXIES covers this many of the sample addresses, it covers more than an operator's own proxies. */
const TOO_MANY = 8;

/**
 * Finds settings that are accepted but are probably mistakes. A process logs them as warnings when it starts.
 * @returns one line for each, which begins with the setting's name and does not repeat its value
 */
export function warningsOf(env: {
  NODE_ENV: string;
  RATE_LIMIT_FACTOR?: number;
  TRUSTED_PROXIES?: BlockList;
}): string[] {
  const warnings: string[] = [];
  if (env.NODE_ENV === 'production' && (env.RATE_LIMIT_FACTOR ?? 1) > 1) {
    warnings.push('RATE_LIMIT_FACTOR: is greater than 1 in production, which raises every rate limit; unset it');
  }
  if (env.TRUSTED_PROXIES && trustsPublicInternet(env.TRUSTED_PROXIES)) {
    warnings.push(
      'TRUSTED_PROXIES: contains much of the public internet, so callers there can claim any client address and evade rate limits; list only your own proxies',
    );
  }
  return warnings;
}

function trustsPublicInternet(trusted: BlockList): boolean {
  const trustedOf = (addresses: readonly string[], family: 'ipv4' | 'ipv6'): number =>
    addresses.filter((address) => trusted.check(address, family)).length;
  return trustedOf(PUBLIC_IPV4, 'ipv4') >= TOO_MANY || trustedOf(PUBLIC_IPV6, 'ipv6') >= TOO_MANY;
}
