import { HOUR_MS } from '../../../core/duration.ts';
import { LATE_MS } from '../lateness.ts';
import type { Owner } from '../../connection/owner/connect.ts';

/** How often the clock is read, and how long its readings are kept, in ms. */
const READING = { every: 5_000, kept: HOUR_MS } as const;
/** `xmin` has only the lower 32 bits of a transaction's id. */
const XIDS = 2 ** 32;

/** What the clock needs to know of an audit row. */
export interface Dated {
  /** The time that the row claims, in ISO 8601. */
  createdAt: string;
  /** The id of the transaction that wrote the row; `null` if the row is missing. */
  xid: string | null;
  /** The next id of a transaction when the row was read. */
  nextXid: string;
}

/**
 * Detects rows that claim to be older than their transaction. PostgreSQL assigns the ids of transactions in order, so a
 * higher id than that of a reading was assigned after the reading. Nobody can choose the id of a transaction, not even a
 * superuser. A row keeps the id from when it was written, even if its COMMIT was slow or no worker ran for a while.
 */
export interface AuditClock {
  /** Reads the database's clock, unless the last reading is recent. */
  read(owner: Owner): Promise<void>;
  /** Whether a reading proves that the row's transaction got its id more than {@link LATE_MS} after the time of the row. */
  isBackdated(row: Dated): boolean;
}

/** @param every how often the clock is read, in ms */
export function createAuditClock(every: number = READING.every): AuditClock {
  let readings: { time: number; xid: number }[] = [];
  let readAt = -Infinity;
  return {
    async read(owner) {
      if (performance.now() - readAt < every) return;
      readAt = performance.now();
      // This transaction's own id. The ids of a snapshot leave out running transactions.
      const [row] = await owner<{ time: Date; xid: string }[]>`
        select now() as time, pg_current_xact_id()::text as xid`;
      if (!row) return;
      const time = row.time.getTime();
      // After the clock was set back, earlier readings are of no use.
      const kept = readings.filter((reading) => reading.time > time - READING.kept);
      readings = [...(time < (readings.at(-1)?.time ?? 0) ? [] : kept), { time, xid: Number(row.xid) }];
    },
    isBackdated({ createdAt, xid, nextXid }) {
      if (xid === null) return false;
      const written = Date.parse(createdAt);
      const next = Number(nextXid);
      const id = next - ((((next - Number(xid)) % XIDS) + XIDS) % XIDS);
      const reading = readings.find(({ time }) => time > written + LATE_MS);
      return reading !== undefined && id > reading.xid;
    },
  };
}
