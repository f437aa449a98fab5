import type { Child, StopSignal, StopStep } from './child.ts';

/** A part that ended by itself. */
export interface Death {
  readonly part: string;
  /** Its exit code, or null if a signal ended it. */
  readonly code: number | null;
  /** The last lines of its output. */
  readonly tail: readonly string[];
}

/** One part of the stack. Its process may be restarted. */
export interface Part {
  readonly name: string;
  readonly pid: number | undefined;
  /** Sets the process of this part. The code that starts it must notice itself if it ends before it is ready. */
  adopt(child: Child): void;
  /** Marks the process as ready. If it ends by itself from now on, `onDeath` is called. */
  ready(): void;
  /** Sends a signal to the process and waits until it has exited. `onDeath` is not called. */
  kill(signal: StopSignal): Promise<void>;
  /** Stops the process by the given steps, as {@link Child.stop} does. Does nothing if it is not running. */
  stop(...steps: StopStep[]): Promise<void>;
}

/** @param onDeath called when the process ends by itself after it was ready. */
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
