import { timestamp } from 'drizzle-orm/pg-core';

/** A `timestamptz` with milliseconds, which is the precision of a JavaScript `Date`. */
export const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
