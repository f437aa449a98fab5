/** Holds back whoever comes while it is shut. */
export interface Gate {
  shut(): void;
  open(): void;
  /** Waits until it is open. @param allowed whoever is not, waits for ever */
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
