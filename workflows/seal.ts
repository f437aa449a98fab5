import type { SecretKeys } from '../core/keys.ts';
import type { Log } from '../core/log.ts';
import { sealAuditRows } from '../db/audit-seals.ts';
import type { Owner } from '../db/owner.ts';
import { backoff, createRest } from './rest.ts';

/** How long until the next look, in ms, when nothing waits; and at most after a failure. Rows are to be sealed within 5 s. */
const WAIT = { idle: 1_000, first: 100, most: 2_000 } as const;

export interface Sealing {
  /** Lets the batch under way end. */
  stop(): Promise<void>;
}

/**
 * Seals the audit log's rows as they are committed. Any number of workers may do so. While
 * PostgreSQL is away nothing is written that would have to be sealed.
 */
export function startSealing({ owner, keys, log }: { owner: Owner; keys: SecretKeys; log: Log }): Sealing {
  let stopped = false;
  const rest = createRest();

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopped) {
      try {
        const { full } = await sealAuditRows(owner, keys);
        failures = 0;
        if (!full) await rest.take(WAIT.idle);
      } catch (error) {
        failures += 1;
        log.warn({ err: error, failures }, 'audit rows could not be sealed; they wait');
        await rest.take(backoff(failures, WAIT));
      }
    }
  }

  const running = run();
  return {
    async stop() {
      stopped = true;
      rest.cut();
      await running;
    },
  };
}
