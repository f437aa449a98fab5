/** The number of warm-up rounds, which are not counted. */
export const WARM_UP = 8;

/** Makes one call. @param number counts from 0, including the warm-up @returns how long it took, in ms */
export type TimedCall = (number: number) => Promise<number>;

/**
 * Times two calls in turns: A B, B A, A B, … Each call then follows itself as often as it follows the other, and a slow
 * moment of the machine affects both.
 */
export async function takeTurns(options: {
  a: TimedCall;
  b: TimedCall;
  rounds: number;
}): Promise<{ a: number[]; b: number[] }> {
  const times = { a: new Array<number>(), b: new Array<number>() };
  for (let number = 0; number < WARM_UP + options.rounds; number++) {
    const order = number % 2 === 0 ? (['a', 'b'] as const) : (['b', 'a'] as const);
    for (const which of order) {
      const milliseconds = await options[which](number);
      if (number >= WARM_UP) times[which].push(milliseconds);
    }
  }
  return times;
}
