import { reasonOf, type Answer } from '../support/rest.ts';

/** What came of one call of a load. */
export interface Called {
  /** `ok`, the reason of the refusal with its status, or the error of a call that was never answered. */
  outcome: string;
  retryAfter: string | null;
  /** When it was made and when it was over, by `performance.now()`. */
  begun: number;
  ended: number;
}

export interface Load extends AsyncDisposable {
  /** All that are over, in the order of their ends. */
  readonly calls: readonly Called[];
  /** How many went well since a moment. */
  servedSince(moment: number): number;
  /** Stops calling, and waits for what is under way. */
  stop(): Promise<void>;
}

/** Callers that each call again when their last answer has come. */
export function startLoad(callers: readonly (() => Promise<Answer>)[]): Load {
  const calls: Called[] = [];
  let stopped = false;

  async function callOnAndOn(call: () => Promise<Answer>): Promise<void> {
    while (!stopped) {
      const begun = performance.now();
      const told = await call().then(
        (answer) => ({ outcome: outcomeOf(answer), retryAfter: answer.headers.get('retry-after') }),
        (error: unknown) => ({ outcome: `no answer: ${String(error)}`, retryAfter: null }),
      );
      calls.push({ ...told, begun, ended: performance.now() });
    }
  }

  const running = Promise.all(callers.map(callOnAndOn));
  const stop = async (): Promise<void> => {
    stopped = true;
    await running;
  };
  return {
    calls,
    servedSince: (moment) => calls.filter(({ outcome, begun }) => outcome === 'ok' && begun >= moment).length,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** `ok`, or the reason of the refusal with its status. */
export function outcomeOf(answer: Answer): string {
  const { status } = answer;
  return status >= 200 && status < 300 ? 'ok' : `${status} ${String(reasonOf(answer))}`;
}

/** Which outcomes there were. */
export function outcomesOf(calls: readonly Called[]): string[] {
  return [...new Set(calls.map(({ outcome }) => outcome))].toSorted();
}

/** The longest of so many calls, in ms. */
export function slowest(calls: readonly Called[]): number {
  return Math.max(...calls.map(({ begun, ended }) => ended - begun));
}
