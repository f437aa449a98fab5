import type { RateRule } from './rule-types.ts';
import { RULE_NAMES, RULES, type RuleName } from './rules.ts';

/** The limits that count the calls of one procedure. */
export interface ProcedureRules {
  all: ReadonlySet<RuleName>;
  /** The limits that are counted before the procedure runs. */
  upfront: readonly RuleName[];
}

// Every call needs its limits, so they are computed once, when the server starts.
const OF_UNNAMED = rulesWhere(({ counts }) => counts.of === 'all');
const OF_NAMED = new Map(
  RULE_NAMES.flatMap((name) => {
    const { of } = RULES[name].counts;
    return of === 'all' ? [] : of;
  }).map((path) => [path, rulesWhere(({ counts }) => counts.of === 'all' || counts.of.includes(path))]),
);

/** @returns the limits of a procedure; for one that no limit names, those of all procedures */
export function rulesOf(procedure: string): ProcedureRules {
  return OF_NAMED.get(procedure) ?? OF_UNNAMED;
}

function rulesWhere(counts: (rule: RateRule) => boolean): ProcedureRules {
  const names = RULE_NAMES.filter((name) => counts(RULES[name]));
  return { all: new Set(names), upfront: names.filter((name) => isUpfront(RULES[name])) };
}

/**
 * Whether a limit is counted before the procedure runs. Its key must be the caller's address or user, which is known by
 * then. If only failures count, the procedure counts them. A middleware of its own counts the limits that hold for every
 * procedure (`of: 'all'`).
 */
function isUpfront({ counts: { by, of }, refund }: RateRule): boolean {
  const onlyFailures = typeof refund === 'object' && 'unless' in refund;
  return of !== 'all' && !onlyFailures && (by === 'address' || by === 'user');
}
