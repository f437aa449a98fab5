import { z } from 'zod';

/** An e-mail address, trimmed and in lower case: addresses compare in this form, and only in this form are they stored. */
export const emailSchema = z
  .string()
  .trim()
  .toLowerCase()
  .max(254, 'must be at most 254 characters long')
  .pipe(z.email('must be an e-mail address'));
