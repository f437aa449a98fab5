import type { Count } from '../../core/rate-limit/index.ts';

/**
 * The headers that tell a caller how much is left, of the limit that is nearest: `RateLimit-Limit`, `-Remaining`, and
 * `-Reset` in seconds (draft-ietf-httpapi-ratelimit-headers-03).
 */
export function rateLimitHeaders(counts: readonly Count[]): Record<string, string> {
  const [nearest] = counts.toSorted((one, other) => share(one) - share(other));
  if (!nearest) return {};
  const { limit, remaining, resetAt } = nearest;
  return {
    'RateLimit-Limit': String(limit),
    'RateLimit-Remaining': String(remaining),
    'RateLimit-Reset': String(Math.max(0, Math.ceil((resetAt - Date.now()) / 1000))),
  };
}

/** How much of a limit is left. One that refused comes before one that is just used up. */
function share({ allowed, limit, remaining }: Count): number {
  return allowed ? remaining / limit : -1;
}
