/** The waits between the rounds of a loop. They can be ended early. */
export interface Pause {
  /** Waits so many ms, or until {@link end} is called. Returns at once if it was called since {@link arm}. */
  wait: (milliseconds: number) => Promise<void>;
  /** Ends the wait under way, or the next one. */
  end: () => void;
  /** Forgets earlier calls of {@link end}. Called before a round looks for work, so that work which arrives later is not missed. */
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

/** @returns how long to wait after so many failures in a row, in ms: `first`, then twice as long each time, up to `most` */
export function backoff(failures: number, { first, most }: { first: number; most: number }): number {
  return Math.min(first * 2 ** (failures - 1), most);
}
