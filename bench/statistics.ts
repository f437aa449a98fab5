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
