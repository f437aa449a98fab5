/** The waits between the rounds of a loop, which can be cut short. */
export interface Rest {
  /** Waits so many ms, or until {@link cut}; not at all if that was called since {@link listen}. */
  take: (milliseconds: number) => Promise<void>;
  cut: () => void;
  /** From now on a call cuts the next wait short: said before a round looks for work, so that none is missed. */
  listen: () => void;
}

export function createRest(): Rest {
  let called = false;
  let wake = (): void => undefined;
  return {
    async take(milliseconds) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        if (called) wake();
      });
    },
    cut() {
      called = true;
      wake();
    },
    listen() {
      called = false;
    },
  };
}

/** How long to wait after so many failures in a row, in ms: twice as long each time. */
export function backoff(failures: number, { first, most }: { first: number; most: number }): number {
  return Math.min(first * 2 ** (failures - 1), most);
}
