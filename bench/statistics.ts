/** The values of all rounds, in the unit of the measurement. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** @param values one value per round; at least one */
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

/** @returns the spread of `a ÷ b` per round: a slow moment of the machine affects both values of a round */
export function spreadOfRatios(a: readonly number[], b: readonly number[]): Spread {
  return spreadOf(a.map((value, round) => value / (b[round] ?? Number.NaN)));
}

/** The number of parts that a measurement is split into, to show how steady it is. */
const PARTS = 5;

/**
 * Returns the median of `a` ÷ the median of `b`, with the lowest and highest ratio of the parts. It is meant for single
 * calls, because the ratio of only two calls depends too much on the machine.
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
