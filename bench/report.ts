import type { Spread } from './statistics.ts';

/** One line of the result: ours beside the other, and their ratio. */
export interface Comparison {
  name: string;
  unit: 'calls/s' | 'ms';
  ours: Spread;
  other: Spread;
  /** Ours ÷ the other's, over the rounds. */
  ratio: Spread;
  /** What the ratio should be. */
  goal: { atLeast: number } | { atMost: number };
}

/** Where the time of one of ours goes, in ms. */
export interface Part {
  name: string;
  milliseconds: Spread;
}

export interface Report {
  /** Under which conditions the figures hold. */
  conditions: Record<string, string | number>;
  comparisons: Comparison[];
  parts: Part[];
}

/** The report as people read it. */
export function toText({ conditions, comparisons, parts }: Report): string {
  const blocks = [
    Object.entries(conditions)
      .map(([name, value]) => `${name}: ${value}`)
      .join(', '),
    columns([
      ['', 'ours', 'other', 'ratio', 'min', 'max', 'goal', ''],
      ...comparisons.map((comparison) => {
        const { name, unit, ours, other, ratio, goal } = comparison;
        return [
          name,
          `${figure(ours.median)} ${unit}`,
          `${figure(other.median)} ${unit}`,
          ratio.median.toFixed(2),
          ratio.min.toFixed(2),
          ratio.max.toFixed(2),
          'atLeast' in goal ? `≥ ${goal.atLeast.toFixed(2)}` : `≤ ${goal.atMost.toFixed(2)}`,
          meetsGoal(comparison) ? 'met' : 'missed',
        ];
      }),
    ]),
    ...(parts.length === 0
      ? []
      : [
          columns([
            ['of which', 'median', 'min', 'max'],
            ...parts.map(({ name, milliseconds: { median, min, max } }) => [
              name,
              `${figure(median)} ms`,
              `${figure(min)} ms`,
              `${figure(max)} ms`,
            ]),
          ]),
        ]),
  ];
  return blocks.join('\n\n');
}

function meetsGoal({ ratio, goal }: Comparison): boolean {
  return 'atLeast' in goal ? ratio.median >= goal.atLeast : ratio.median <= goal.atMost;
}

function figure(value: number): string {
  return value.toFixed(value < 100 ? 1 : 0);
}

/** Aligns the first column left and the others right. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
