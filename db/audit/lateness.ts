/**
 * In ms. How old a transaction may be when it writes an audit row, and how much older a row may be than the rows before it
 * in its chain. The server gives up a transaction after 10 s, and PostgreSQL ends an idle one after 15 s. The other 45 s are
 * a margin for a busy machine.
 */
export const LATE_MS = 60_000;
