import { z } from 'zod';

/** At most 64 characters before the `@`, and 63 to a label, which no hyphen ends (RFC 5321, 4.5.3.1; RFC 1123, 2.1). */
const MAILABLE = /^[^@]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;

/** An e-mail address, trimmed and in lower case: addresses compare in this form, and only in this form are they stored. */
export const emailSchema = z
  .string()
  .trim()
  .toLowerCase()
  .max(254, 'must be at most 254 characters long')
  .pipe(z.email('must be an e-mail address').regex(MAILABLE, 'must be an e-mail address'))
  // A document has of a pipe what goes in, which would be any text.
  .meta({ format: 'email', pattern: z.toJSONSchema(z.email()).pattern });
