import { createHash, timingSafeEqual } from 'node:crypto';

const BEARER = /^Bearer +(\S+)$/i;

/**
 * Whether an `Authorization` header shows the metrics' token. Compared as digests: neither how much of it was right nor
 * its length shows in the time.
 * @param expected `METRICS_TOKEN`; without one everybody may look, which production refuses
 */
export function mayReadMetrics(expected: string | undefined, authorization: string | null | undefined): boolean {
  if (expected === undefined) return true;
  const given = BEARER.exec(authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
