import { PRODUCT_RULES } from './product/rules.ts';
import type { RateRule, Refund } from './rule-types.ts';
import { CONCURRENCY_RULES, RULE_NAMES, RULES, type RuleName } from './rules.ts';

/** Atrium's limits as the Markdown table of docs/how-to/limit-rates.md. */
export function limitTable(): string {
  const concurrency = Object.entries(CONCURRENCY_RULES).map(([name, { limit, counts, refund }]) => {
    const { what, by, of } = counts;
    return [`\`${name}\``, what, `${limit.atOnce} at once, on each server`, by, refund, listed(of), 'no'];
  });
  return tableOf([...RULE_NAMES.filter((name) => !isProducts(name)).map(rowOf), ...concurrency]);
}

/** The product's limits as the Markdown table of docs/product/api.md. */
export function productLimitTable(): string {
  return tableOf(RULE_NAMES.filter(isProducts).map(rowOf));
}

const isProducts = (name: RuleName): boolean => name in PRODUCT_RULES;

function rowOf(name: RuleName): string[] {
  const { limit, counts, refund, shared = false } = RULES[name];
  const { what, by, of } = counts;
  return [`\`${name}\``, what, often(limit), by, whenRefunded(refund), listed(of), shared ? 'no' : 'yes'];
}

function tableOf(rows: readonly string[][]): string {
  return [
    ['limit', 'what', 'how often', 'by', 'refunded', 'procedures', 'in the headers'],
    ['---', '---', '---', '---', '---', '---', '---'],
    ...rows,
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function often({ tokens, seconds }: RateRule['limit']): string {
  return `${tokens.toLocaleString('en')} ${seconds === 60 ? 'a minute' : 'an hour'}`;
}

function whenRefunded(refund: Refund): string {
  if (typeof refund === 'string') return refund;
  return 'unless' in refund ? `unless ${listed(refund.unless)}` : `on ${listed(refund.on)}`;
}

function listed(names: readonly (string | number)[] | 'all'): string {
  return names === 'all' ? 'every procedure' : names.map((name) => `\`${name}\``).join(', ');
}
