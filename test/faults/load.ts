import { reasonOf, type Answer } from '../support/rest.ts';

/** The result of one call of a load. */
export interface Called {
  /** `ok`, the reason of the refusal with its status, or the error of a call without an answer. */
  outcome: string;
  retryAfter: string | null;
  /** When it began and ended, in ms of `performance.now()`. */
  begun: number;
  ended: number;
}

export interface Load extends AsyncDisposable {
  /** All ended calls, in the order of their ends. */
  readonly calls: readonly Called[];
  /** @returns how many calls succeeded since a moment, in ms of `performance.now()` */
  servedSince(moment: number): number;
  /** Stops, and waits for the running calls. */
  stop(): Promise<void>;
}

/** Starts callers. Each sends its next call when the previous one is answered. */
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

/** @returns `ok`, or the reason of the refusal with its status */
export function outcomeOf(answer: Answer): string {
  const { status } = answer;
  return status >= 200 && status < 300 ? 'ok' : `${status} ${String(reasonOf(answer))}`;
}

/** @returns the different outcomes */
export function outcomesOf(calls: readonly Called[]): string[] {
  return [...new Set(calls.map(({ outcome }) => outcome))].toSorted();
}

/** @returns the duration of the slowest call, in ms */
export function slowest(calls: readonly Called[]): number {
  return Math.max(...calls.map(({ begun, ended }) => ended - begun));
}
