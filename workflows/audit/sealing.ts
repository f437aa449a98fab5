import type { SecretKeys } from '../../core/secret-keys.ts';
import type { Log } from '../../core/log/log.ts';
import type { WorkerMetrics } from '../../core/metrics/worker.ts';
import { createAuditClock } from '../../db/audit/owner/transaction-clock.ts';
import { sealAuditRows } from '../../db/audit/owner/seal-rows.ts';
import { BatchError } from '../../db/connection/batch.ts';
import { isConnectionError, isRetryable, postgresError } from '../../db/connection/errors.ts';
import type { Owner } from '../../db/connection/owner/connect.ts';
import { tellFailures } from '../metrics/observe.ts';
import { backoff, createPause } from '../pause.ts';

/** How long until the next look, in ms, when nothing waits; and at most after a failure. Rows are to be sealed within 5 s. */
const WAIT = { idle: 1_000, first: 100, most: 2_000 } as const;

/** After so many rounds in a row that sealed nothing, though rows wait, each log is tried by itself. */
const APART_AFTER = 3;
/** How long a log that could not be sealed is left alone, in ms. */
const ASIDE_MS = 30_000;

export interface Sealing {
  /** Lets the batch under way end. */
  stop(): Promise<void>;
}

interface SealingDeps {
  owner: Owner;
  keys: SecretKeys;
  log: Log;
  metrics: Pick<WorkerMetrics, 'countBatchFailures'>;
}

/**
 * Seals the audit log's rows as they are committed. Any number of workers may do so. While
 * PostgreSQL is away nothing is written that would have to be sealed. A log that can't be sealed is told of, and left alone
 * for a while: the others are sealed all the same.
 */
export function startSealing({ owner, keys, log, metrics }: SealingDeps): Sealing {
  let stopped = false;
  /** When each log that could not be sealed is tried again, in ms since 1970. */
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
        // What PostgreSQL refused is likely one log's doing: the next round finds out which, and seals the others.
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
