import { PRODUCT_RULES } from './product/rules.ts';
import { RULE_NAMES, RULES, STREAMS_AT_ONCE, type LimitRule, type RuleName } from './rules.ts';

const COUNTED = {
  calls: 'each call',
  guesses: 'each call',
  successes: 'what succeeds',
  failures: 'what fails',
} as const satisfies Record<LimitRule['counts'], string>;

/** Atrium's limits as a Markdown table, as it stands in docs/how-to/limit-rates.md. */
export function limitTable(): string {
  const rows = RULE_NAMES.filter((name) => !isProducts(name)).map(rowOf);
  const streams = ['', 'streams, on one server', `${STREAMS_AT_ONCE} at once`, 'user or API key'];
  return tableOf([...rows, [...streams, 'what is open', '`tenants.onStatus`, `audit.export`, `audit.verify`', 'no']]);
}

/** The product's limits, as they stand in docs/product/api.md. */
export function productLimitTable(): string {
  return tableOf(RULE_NAMES.filter(isProducts).map(rowOf));
}

const isProducts = (name: RuleName): boolean => name in PRODUCT_RULES;

function rowOf(name: RuleName): string[] {
  const { what, by, counts, of, shared = false, ...rule } = RULES[name];
  const procedures = of === 'all' ? 'every procedure' : of.map((path) => `\`${path}\``).join(', ');
  return [`\`${name}\``, what, often(rule), by, COUNTED[counts], procedures, shared ? 'no' : 'yes'];
}

function tableOf(rows: readonly string[][]): string {
  return [
    ['limit', 'what', 'how often', 'by', 'counted', 'procedures', 'in the headers'],
    ['---', '---', '---', '---', '---', '---', '---'],
    ...rows,
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function often({ tokens, seconds }: Pick<LimitRule, 'tokens' | 'seconds'>): string {
  return `${tokens.toLocaleString('en')} ${seconds === 60 ? 'a minute' : 'an hour'}`;
}
