/**
 * Remembers an answer for a while, and lets all who ask meanwhile share one question: however often it is asked, what
 * lies behind is asked once at a time.
 * @param milliseconds how long an answer stands, from when it came
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
