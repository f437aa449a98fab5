import { createHash, timingSafeEqual } from 'node:crypto';

const BEARER = /^Bearer +(\S+)$/i;

/**
 * Whether an `Authorization` header has the token for metrics. Digests are compared, so the time depends neither on the
 * length of the token nor on how much of it is right.
 * @param expected `METRICS_TOKEN`. If it is not set, every caller may read; in production, a process that serves metrics then
 * does not start
 */
export function mayReadMetrics(expected: string | undefined, authorization: string | null | undefined): boolean {
  if (expected === undefined) return true;
  const given = BEARER.exec(authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
