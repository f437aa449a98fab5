import { goalText, meetsGoal, type Goal } from './goal.ts';
import type { Spread } from './statistics.ts';

/** One line of the report: two measurements and their ratio. */
export interface Comparison {
  /** The name, such as `ours ÷ other`. */
  name: string;
  unit: 'calls/s' | 'ms';
  ours: Spread;
  other: Spread;
  /** The ratio `ours ÷ other` over the rounds. */
  ratio: Spread;
  /** The goal for the ratio. */
  goal?: Goal;
}

/** One step of Atrium's time, in ms. */
export interface Part {
  name: string;
  milliseconds: Spread;
}

/** One figure without a comparison. */
export interface Figure {
  name: string;
  unit: 'logins' | 'MiB' | 'ms';
  values: Spread;
  /** The goal for each value. */
  goal?: Goal;
}

export interface Report {
  /** The conditions of the measurement, such as versions. */
  conditions: Record<string, string | number>;
  comparisons: Comparison[];
  parts: Part[];
  figures: Figure[];
}

/** @returns the report as text for people */
export function toText({ conditions, comparisons, parts, figures }: Report): string {
  const blocks = [
    Object.entries(conditions)
      .map(([name, value]) => `${name}: ${value}`)
      .join(', '),
    columns(['', 'ours', 'other', 'ratio', 'min', 'max', 'goal', ''], comparisons.map(comparisonRow)),
    columns(
      ['of which', 'median', 'min', 'max'],
      parts.map(({ name, milliseconds }) => [name, ...spreadCells(milliseconds, 'ms')]),
    ),
    columns(['', 'median', 'min', 'max', 'goal', ''], figures.map(figureRow)),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function comparisonRow({ name, unit, ours, other, ratio, goal }: Comparison): string[] {
  const write = (value: number): string => value.toFixed(2);
  return [
    name,
    `${figure(ours.median)} ${unit}`,
    `${figure(other.median)} ${unit}`,
    write(ratio.median),
    write(ratio.min),
    write(ratio.max),
    ...(goal ? [goalText(goal, write), verdict(meetsGoal(goal, ratio.median))] : []),
  ];
}

function figureRow({ name, unit, values, goal }: Figure): string[] {
  const cells = [name, ...spreadCells(values, unit)];
  if (!goal) return cells;
  const met = meetsGoal(goal, values.min) && meetsGoal(goal, values.max);
  return [...cells, goalText(goal, String), verdict(met)];
}

function spreadCells({ median, min, max }: Spread, unit: string): string[] {
  return [median, min, max].map((value) => `${figure(value)} ${unit}`);
}

function verdict(met: boolean): string {
  return met ? 'met' : 'missed';
}

function figure(value: number): string {
  return value.toFixed(value < 100 && !Number.isInteger(value) ? 1 : 0);
}

/** Aligns the first column left and the others right. Without rows it returns no text. */
function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
