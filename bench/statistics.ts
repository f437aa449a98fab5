/** What the rounds of a measurement gave, in its own unit. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** @param values one a round; at least one */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    min: at(0),
    max: at(sorted.length - 1),
  };
}

/** The spread of `a ÷ b`, each round's own: what slows the machine for a while slows both halves of a round. */
export function spreadOfRatios(a: readonly number[], b: readonly number[]): Spread {
  return spreadOf(a.map((value, round) => value / (b[round] ?? Number.NaN)));
}

/** A measurement is cut into so many parts to see how steady it is. */
const PARTS = 5;

/**
 * The median of `a` ÷ the median of `b`, with the lowest and the highest that a part of the rounds gives. For single
 * calls: the ratio of two of them would tell more of the machine than of either.
 */
export function ratioOfMedians(a: readonly number[], b: readonly number[]): Spread {
  const ratio = (from: number, to: number): number =>
    spreadOf(a.slice(from, to)).median / spreadOf(b.slice(from, to)).median;
  const size = Math.ceil(a.length / PARTS);
  const median = ratio(0, a.length);
  const parts = Array.from({ length: Math.ceil(a.length / size) }, (_, part) => ratio(part * size, (part + 1) * size));
  const { min, max } = spreadOf([median, ...parts]);
  return { median, min, max };
}
