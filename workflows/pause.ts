/** The wait between two rounds of a loop. It can be ended early. */
export interface Pause {
  /** Waits for the given ms, or until {@link end} is called. Returns at once if it was called after {@link arm}. */
  wait: (milliseconds: number) => Promise<void>;
  /** Ends the current wait, or the next one. */
  end: () => void;
  /** Forgets earlier calls of {@link end}. Call it before a round looks for work, so that work which arrives later is not missed. */
  arm: () => void;
}

export function createPause(): Pause {
  let ended = false;
  let wake = (): void => undefined;
  return {
    async wait(milliseconds) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        if (ended) wake();
      });
    },
    end() {
      ended = true;
      wake();
    },
    arm() {
      ended = false;
    },
  };
}

/** @returns how long to wait after this many failures in a row: `first`, then doubled each time, up to `most`, in the same unit */
export function backoff(failures: number, { first, most }: { first: number; most: number }): number {
  return Math.min(first * 2 ** (failures - 1), most);
}
