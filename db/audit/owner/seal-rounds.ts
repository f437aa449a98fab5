import type { SecretKeys } from '../../../core/secret-keys.ts';
import { tryEach, type JobFailure } from '../../connection/batch.ts';
import type { Owner } from '../../connection/owner/connect.ts';
import { appendSeals } from './seal-rows.ts';
import type { AuditClock } from './transaction-clock.ts';
import { readWaiting, waitingLogs } from './waiting-rows.ts';

/** How many rows are read at once: some 100 ms of work, which is lost if another worker is faster. */
const BATCH = 1_000;

interface SealedRows {
  /** How many waiting rows were found. */
  waiting: number;
  sealed: number;
  full: boolean;
  /** With `apart`, the chains that could not be sealed. */
  failures: readonly JobFailure[];
  /** Rows that claim to be older than they are. */
  backdated: readonly { chain: string; auditId: string }[];
  /** The chain that had the last turn. */
  last: string | undefined;
}

/**
 * Seals rows that were committed and have no seal yet, each in the chain of its log, the oldest first. Logs take turns: each
 * log that waits gets an equal share of a round, however many rows it has. Rows are read without a lock. A place in a chain
 * can be taken once, so if several workers seal the same chain, the first one succeeds and the others write nothing. One
 * statement writes all seals of a round (with `apart`, of a log) or, after a crash, none.
 * @param options.apart reads and seals each log by its own statements, so that one that can't be read or sealed does not
 *   stop the others
 * @param options.except the chains to skip
 * @param options.after `last` of the previous result
 * @param options.clock detects backdated rows; their seal matches no row, so that the verifier reports them
 * @returns how many rows were sealed; if it is `full`, more rows likely wait
 */
export async function sealAuditRows(
  owner: Owner,
  keys: SecretKeys,
  {
    apart = false,
    except = [],
    after,
    clock,
  }: { apart?: boolean; except?: readonly string[]; after?: string | undefined; clock?: AuditClock } = {},
): Promise<SealedRows> {
  await clock?.read(owner);
  const { chains, more } = await waitingLogs(owner, except, after);
  const round = { waiting: 0, sealed: 0, full: more, failures: [], backdated: [], last: chains.at(-1) };
  if (chains.length === 0) return round;
  const share = Math.ceil(BATCH / chains.length);
  if (!apart) {
    const part = await sealChains(owner, keys, { chains, share, clock });
    return { ...round, ...part, full: (part.full || more) && part.sealed > 0 };
  }
  const parts: Part[] = [];
  const failures = await tryEach(
    chains.map((chain) => ({
      item: chain,
      tenantId: chain,
      async work() {
        const part = await sealChains(owner, keys, { chains: [chain], share, clock });
        parts.push(part);
        if (part.taken) {
          throw new Error('The next place of the chain holds a seal that this sealer did not write');
        }
      },
    })),
  );
  const total = (of: 'waiting' | 'sealed') => parts.reduce((sum, part) => sum + part[of], 0);
  return {
    ...round,
    // A log that could not be read also has waiting rows.
    waiting: Math.max(total('waiting'), failures.length),
    sealed: total('sealed'),
    full: more || parts.some(({ full }) => full),
    failures,
    backdated: parts.flatMap(({ backdated }) => backdated),
  };
}

/** The result for some logs. */
interface Part extends Pick<SealedRows, 'waiting' | 'sealed' | 'full' | 'backdated'> {
  /** Whether a foreign seal has the place of one of the new seals. */
  taken: boolean;
}

/** Reads the oldest waiting rows of each log, at most `share` of each, and seals them by one statement. */
async function sealChains(
  owner: Owner,
  keys: SecretKeys,
  { chains, share, clock }: { chains: readonly string[]; share: number; clock: AuditClock | undefined },
): Promise<Part> {
  const { waiting: rows, full } = await readWaiting(owner, chains, share);
  if (rows.length === 0) return { waiting: 0, sealed: 0, full, backdated: [], taken: false };
  const waiting = rows.map((row) => Object.assign(row, { backdated: clock?.isBackdated(row) === true }));
  const backdated = waiting.filter((row) => row.backdated).map(({ chain, auditId }) => ({ chain, auditId }));
  const outcome = await appendSeals(owner, keys, waiting);
  const sealed = outcome === 'sealed' ? waiting.length : 0;
  return { waiting: waiting.length, sealed, full, backdated, taken: outcome === 'taken' };
}
