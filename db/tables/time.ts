import { timestamp } from 'drizzle-orm/pg-core';

/** A moment, to the millisecond: what a JavaScript date holds. */
export const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
