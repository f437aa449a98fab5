import type { SecretKeys } from '../../core/secret-keys.ts';
import type { Log } from '../../core/log/log.ts';
import type { WorkerMetrics } from '../../core/metrics/worker.ts';
import { createAuditClock } from '../../db/audit/owner/transaction-clock.ts';
import { sealAuditRows } from '../../db/audit/owner/seal-rounds.ts';
import { BatchError } from '../../db/connection/batch.ts';
import { isConnectionError, isRetryable, postgresError } from '../../db/connection/errors.ts';
import type { Owner } from '../../db/connection/owner/connect.ts';
import { tellFailures } from '../metrics/observe.ts';
import { backoff, createPause } from '../pause.ts';

/** The wait between rounds, in ms: `idle` if no row waits, `first` to `most` after failures. Rows should be sealed within 5 s. */
const WAIT = { idle: 1_000, first: 100, most: 2_000 } as const;

/** Each log is sealed by itself after this many rounds in a row that sealed nothing although rows wait. */
const APART_AFTER = 3;
/** How long a log that could not be sealed is skipped, in ms. */
const ASIDE_MS = 30_000;

export interface Sealing {
  /** Stops after the current batch. */
  stop(): Promise<void>;
}

interface SealingDeps {
  owner: Owner;
  keys: SecretKeys;
  log: Log;
  metrics: Pick<WorkerMetrics, 'countBatchFailures'>;
}

/**
 * Starts to seal audit rows as they are committed. Any number of workers may do so at once. A log that cannot be sealed
 * is reported and skipped for {@link ASIDE_MS}; the other logs are sealed meanwhile.
 */
export function startSealing({ owner, keys, log, metrics }: SealingDeps): Sealing {
  let stopped = false;
  /** When each skipped log is tried again, in ms since 1970. */
  const aside = new Map<string, number>();
  const clock = createAuditClock();
  const pause = createPause();

  async function run(): Promise<void> {
    let failures = 0;
    let after: string | undefined;
    while (!stopped) {
      try {
        for (const [chain, until] of aside) if (until < Date.now()) aside.delete(chain);
        const apart = failures >= APART_AFTER;
        const round = await sealAuditRows(owner, keys, { apart, except: [...aside.keys()], after, clock });
        after = round.last;
        failures = round.sealed > 0 || round.waiting === 0 || apart ? 0 : failures + 1;
        for (const { item } of round.failures) aside.set(item, Date.now() + ASIDE_MS);
        for (const { chain: tenantId, auditId } of round.sealed > 0 ? round.backdated : []) {
          log.error(
            { tenantId, auditId },
            'an audit row claims to be older than its transaction: its log does not hold',
          );
        }
        if (round.failures.length > 0) tellFailures(new BatchError('audit_seals', round.failures), { log, metrics });
        if (!round.full) await pause.wait(failures > 0 ? WAIT.first : WAIT.idle);
      } catch (error) {
        // One log probably caused PostgreSQL's error: the next round tries each log by itself, and seals the others.
        const refused = postgresError(error) !== undefined && !isConnectionError(error) && !isRetryable(error);
        failures = refused ? Math.max(failures + 1, APART_AFTER) : failures + 1;
        log.warn({ err: error, failures }, 'audit rows could not be sealed; they wait');
        await pause.wait(backoff(failures, WAIT));
      }
    }
  }

  const running = run();
  return {
    async stop() {
      stopped = true;
      pause.end();
      await running;
    },
  };
}
