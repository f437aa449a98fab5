import type { Count } from '../../core/rate-limit/index.ts';

/**
 * Returns the headers of the limit that is closest to exhaustion: `RateLimit-Limit`, `RateLimit-Remaining`, and
 * `RateLimit-Reset` in seconds (draft-ietf-httpapi-ratelimit-headers-03). Returns none if nothing was counted.
 */
export function rateLimitHeaders(counts: readonly Count[]): Record<string, string> {
  const [nearest] = counts.toSorted((one, other) => shareLeft(one) - shareLeft(other));
  if (!nearest) return {};
  const { limit, remaining, resetAt } = nearest;
  return {
    'RateLimit-Limit': String(limit),
    'RateLimit-Remaining': String(remaining),
    'RateLimit-Reset': String(Math.max(0, Math.ceil((resetAt - Date.now()) / 1000))),
  };
}

/** The share of a limit that is left. A limit that refused the call sorts before one that is merely used up. */
function shareLeft({ allowed, limit, remaining }: Count): number {
  return allowed ? remaining / limit : -1;
}
