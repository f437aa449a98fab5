import { z } from 'zod';

/**
 * An id from outside: accepted in any letter case, and in lower case from here on, as PostgreSQL writes it and as ids
 * compare (RFC 9562, 4). Braces and `urn:uuid:` are refused.
 */
export const idSchema = z.uuid().toLowerCase();

/** The canonical form of what may be an id: lower case where it is one, and otherwise the text as it is. */
export function canonicalId(text: string): string {
  return idSchema.safeParse(text).data ?? text;
}
