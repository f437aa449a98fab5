import { RULE_NAMES, RULES, STREAMS_AT_ONCE, type LimitRule } from './rules.ts';

const COUNTED = {
  calls: 'each call',
  guesses: 'each call',
  successes: 'what succeeds',
  failures: 'what fails',
} as const satisfies Record<LimitRule['counts'], string>;

/** The limits as a Markdown table, as it stands in docs/how-to/limit-rates.md. */
export function limitTable(): string {
  const rows = RULE_NAMES.map((name) => {
    const { what, by, counts, of, shared = false, ...rule } = RULES[name];
    const procedures = of === 'all' ? 'every procedure' : of.map((path) => `\`${path}\``).join(', ');
    return [`\`${name}\``, what, often(rule), by, COUNTED[counts], procedures, shared ? 'no' : 'yes'];
  });
  const streams = ['', 'streams, on one server', `${STREAMS_AT_ONCE} at once`, 'user or API key'];
  return [
    ['limit', 'what', 'how often', 'by', 'counted', 'procedures', 'in the headers'],
    ['---', '---', '---', '---', '---', '---', '---'],
    ...rows,
    [...streams, 'what is open', '`tenants.onStatus`, `audit.export`, `audit.verify`', 'no'],
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function often({ tokens, seconds }: Pick<LimitRule, 'tokens' | 'seconds'>): string {
  return `${tokens.toLocaleString('en')} ${seconds === 60 ? 'a minute' : 'an hour'}`;
}
