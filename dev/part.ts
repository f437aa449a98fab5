import type { Child, StopSignal, StopStep } from './child.ts';

/** A part that ended by itself. */
export interface Death {
  readonly part: string;
  /** Its exit code; null when a signal ended it. */
  readonly code: number | null;
  /** Its last lines of output. */
  readonly tail: readonly string[];
}

/** One of the stack's processes, through its restarts. */
export interface Part {
  readonly name: string;
  readonly pid: number | undefined;
  /** Takes a new process as the one that this part now is. Whoever starts it notices if it ends before it is ready. */
  adopt(child: Child): void;
  /** Says that the process is ready: if it ends from now on, that is a death. */
  ready(): void;
  /** Sends a signal to it and waits for its end, which is no death. */
  kill(signal: StopSignal): Promise<void>;
  /** Ends it by the given steps, as Child.stop does. Does nothing when it is not running. */
  stop(...steps: StopStep[]): Promise<void>;
}

/** @param onDeath called when the part ends, after it was ready, though nobody asked it to. */
export function createPart(name: string, onDeath: (death: Death) => void): Part {
  let current: Child | undefined;
  let expected = false;
  return {
    name,
    get pid() {
      return current?.ended() ? undefined : current?.pid;
    },
    adopt(child) {
      current = child;
    },
    ready() {
      const child = current;
      expected = false;
      void child?.exited.then((code) => {
        if (current === child && !expected) onDeath({ part: name, code, tail: child.tail() });
      });
    },
    async kill(signal) {
      expected = true;
      current?.kill(signal);
      await current?.exited;
    },
    async stop(...steps) {
      expected = true;
      await current?.stop(...steps);
    },
  };
}
