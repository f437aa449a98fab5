import { HOUR_MS } from '../../../core/duration.ts';
import { LATE_MS } from '../lateness.ts';
import type { Owner } from '../../connection/owner/connect.ts';

/** How often the clock is read, and how long its readings are kept, in ms. */
const READING = { every: 5_000, kept: HOUR_MS } as const;
/** PostgreSQL shows the lower 32 bits of a transaction's id. */
const XIDS = 2 ** 32;

/** A row, as the clock asks of it. */
export interface Dated {
  /** What it says of itself: ISO 8601. */
  createdAt: string;
  /** The transaction that wrote it, and the next one when it was read. `null` where the row is gone. */
  xid: string | null;
  nextXid: string;
}

/**
 * Tells rows that claim to be older than their transaction. Ids of transactions are given out in order, so each reading says
 * of all later ids that they were given out after it. Nobody chooses the id of a transaction, a superuser neither. A row
 * that waited long, since its COMMIT was slow or no worker was there, has its id from when it was written.
 */
export interface AuditClock {
  /** Reads the database's clock, if it is time to. */
  read(owner: Owner): Promise<void>;
  /** Whether the row's transaction got its id more than {@link LATE_MS} after the time that the row claims, as far as was read. */
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
      // An id of its own: those of a snapshot leave out transactions that are under way.
      const [row] = await owner<{ time: Date; xid: string }[]>`
        select now() as time, pg_current_xact_id()::text as xid`;
      if (!row) return;
      const time = row.time.getTime();
      // A clock that was set back says nothing of what was read before.
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
