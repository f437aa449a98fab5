/** Makes callers wait while it is shut. */
export interface Gate {
  shut(): void;
  open(): void;
  /** Waits until it is open. @param allowed a caller for whom it returns false waits forever */
  passed(allowed: () => boolean): Promise<void>;
}

export function createGate(): Gate {
  let isShut = false;
  let waiting: (() => void)[] = [];
  return {
    shut: () => {
      isShut = true;
    },
    open: () => {
      isShut = false;
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
    async passed(allowed) {
      while (isShut || !allowed()) {
        await new Promise<void>((wake) => {
          waiting.push(wake);
        });
      }
    },
  };
}
