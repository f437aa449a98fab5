/**
 * How long a transaction may have been under way when it writes its row of the log, and how much later than it was written
 * a row may come into its chain, in ms. The app's transactions are given up after 10 s, and PostgreSQL ends idle ones after
 * 15 s; the rest is for a busy machine.
 */
export const LATE_MS = 60_000;
