import { z } from 'zod';

/**
 * Parses an id from outside, in any letter case (RFC 9562, 4). It becomes lower case, as PostgreSQL writes it, so ids can be
 * compared as texts. Braces and `urn:uuid:` are refused.
 */
export const idSchema = z.uuid().toLowerCase();

/** @returns the id in its canonical form; the same text if it is not an id */
export function canonicalId(text: string): string {
  return idSchema.safeParse(text).data ?? text;
}
