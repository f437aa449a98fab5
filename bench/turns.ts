/** Uncounted rounds before the first. */
export const WARM_UP = 8;

/** Makes one call and gives the ms that it took. @param number counts from 0, warm-up included */
export type TimedCall = (number: number) => Promise<number>;

/**
 * Times two calls in turns: A B, B A, A B, … So each comes as often behind itself as behind the other, and what slows
 * the machine for a while slows both.
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
