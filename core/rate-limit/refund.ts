import { STATUS_OF_REASON, type Reason } from '../errors.ts';
import type { Refund } from './rule-types.ts';

/** How a call ended. */
export type CallOutcome = 'ok' | Reason;

/** Whether a call with this outcome gets its token back. */
export function isRefunded(refund: Refund, outcome: CallOutcome): boolean {
  if (refund === 'never') return false;
  if (refund === 'on error') return outcome !== 'ok';
  if ('unless' in refund) return outcome === 'ok' || !refund.unless.includes(outcome);
  return (
    outcome !== 'ok' && (refund.on.includes(outcome) || (refund.on.includes(503) && STATUS_OF_REASON[outcome] === 503))
  );
}
