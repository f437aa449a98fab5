/**
 * Caches the result of `ask`, also a rejection. Calls that come while `ask` runs share its result.
 * @param milliseconds how long a result is cached, from when `ask` settled
 * @param now the time in ms since the epoch
 */
export function cached<T>(milliseconds: number, ask: () => Promise<T>, now: () => number = Date.now): () => Promise<T> {
  let answer: Promise<T> | undefined;
  let staleAt = Infinity;
  return () => {
    if (answer && now() < staleAt) return answer;
    staleAt = Infinity;
    const settle = (): void => {
      staleAt = now() + milliseconds;
    };
    answer = ask();
    answer.then(settle, settle);
    return answer;
  };
}
