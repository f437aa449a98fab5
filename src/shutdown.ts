import type { Log } from '../core/log/log.ts';

/** How far a server is on its way out. */
export interface Drain {
  /** `/readyz` says no; work is still done, on connections that are then closed. */
  readonly draining: boolean;
  /** New work is refused with `SHUTTING_DOWN`; what is under way ends. */
  readonly refusing: boolean;
  /** Aborted when streams must end. */
  readonly ending: AbortSignal;
}

/** How long the last refusals are held back before nothing listens any more, in ms. */
const HOLD_MS = 500;
/** What closing pools and the log may still take once the deadline is over, in ms. */
const LAST_MS = 1_000;

export interface Shutdown {
  readonly drain: Drain;
  /** Starts to drain, and ends the process at last. Called once. */
  begin(): void;
  /** Counts a request until its answer is made, or holds it back: the last ones are answered once nothing listens. */
  during<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Takes a server out of service without a failed request: it says that it is not ready, works on for a while, refuses
 * what still comes, lets what is under way end, and goes.
 * @param options.window how long it works on, in ms
 * @param options.deadline when it goes whatever is under way, in ms from the beginning
 * @param options.stop closes what listens; called when nothing is under way, or at the deadline (`force`)
 * @param options.close closes pools and the like, last
 */
export function createShutdown(options: {
  window: number;
  deadline: number;
  log: Log;
  stop: (force: boolean) => Promise<void>;
  close: () => Promise<void>;
  /** Ends the process, with its own exit code if none is given. */
  exit: (code?: number) => void;
}): Shutdown {
  const { window, deadline, log, stop, close, exit } = options;
  const ending = new AbortController();
  const state = { draining: false, refusing: false, ending: ending.signal };
  let underWay = 0;
  let onIdle: () => void = () => undefined;
  let held: Promise<void> | undefined;

  async function run(): Promise<void> {
    const forced = after(deadline).then(() => 'deadline' as const);
    await Promise.race([after(window), forced]);
    state.refusing = true;
    ending.abort();
    const idle = new Promise<'idle'>((resolve) => {
      onIdle = () => underWay === 0 && resolve('idle');
      onIdle();
    });
    const outcome = await Promise.race([idle, forced]);
    if (outcome === 'deadline') log.warn({ underWay }, 'requests did not end in time; the server exits without them');
    const release = holdBack();
    await Promise.race([after(HOLD_MS), forced]);
    const stopped = stop(false);
    release();
    const end = await Promise.race([stopped, forced]);
    if (end === 'deadline' && outcome === 'idle') {
      log.warn('clients did not read their responses in time; the server exits without them');
    }
    await Promise.race([stop(true).then(close), forced.then(() => after(LAST_MS))]);
    exit();
  }

  /**
   * Whoever is refused may call again at once, and would be cut off by a listener that closes at that moment. So nobody is
   * answered shortly before: who calls without end is waiting for an answer then.
   */
  function holdBack(): () => void {
    let release: () => void = () => undefined;
    held = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  }

  return {
    drain: state,
    begin() {
      state.draining = true;
      run().catch((error: unknown) => {
        log.error({ err: error }, 'the server could not drain');
        exit(1);
      });
    },
    async during(work) {
      if (state.refusing) {
        await held;
        return await work();
      }
      underWay += 1;
      try {
        return await work();
      } finally {
        underWay -= 1;
        onIdle();
      }
    },
  };
}

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
