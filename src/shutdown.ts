import type { Log } from '../core/log.ts';

/** How far a server is on its way out. */
export interface Drain {
  /** `/readyz` says no; work is still done, on connections that are then closed. */
  readonly draining: boolean;
  /** New work is refused with `SHUTTING_DOWN`; what is under way ends. */
  readonly refusing: boolean;
  /** Aborted when streams must end. */
  readonly ending: AbortSignal;
}

/** How long kept-alive connections are told that they are refused, before nothing listens any more, in ms. */
const LINGER_MS = 250;
/** A second signal within this time is the first, come twice, in ms: a terminal's Ctrl-C may reach a process by two ways. */
const SAME_SIGNAL_MS = 1_000;

export interface Shutdown {
  readonly drain: Drain;
  /** Begins, once. @param cause for the log @param code of the exit */
  begin(cause: string, code?: number): void;
  /** Counts a request until its answer is made. */
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
  exit: (code: number) => void;
}): Shutdown {
  const { window, deadline, log, stop, close, exit } = options;
  const ending = new AbortController();
  const state = { draining: false, refusing: false, ending: ending.signal };
  let underWay = 0;
  let onIdle: () => void = () => undefined;
  let startedAt = 0;

  async function run(code: number): Promise<void> {
    const forced = after(deadline).then(() => 'deadline' as const);
    await Promise.race([after(window), forced]);
    state.refusing = true;
    ending.abort();
    await after(LINGER_MS);
    const idle = new Promise<'idle'>((resolve) => {
      onIdle = () => underWay === 0 && resolve('idle');
      onIdle();
    });
    const outcome = await Promise.race([idle, forced]);
    if (outcome === 'deadline') log.warn({ underWay }, 'requests did not end in time: the server ends without them');
    await Promise.race([stop(false), forced]);
    await stop(true);
    await close();
    exit(code);
  }

  return {
    drain: state,
    begin(cause, code = 0) {
      if (state.draining) {
        if (Date.now() - startedAt < SAME_SIGNAL_MS) return;
        log.warn({ cause }, 'told to stop again: the server ends at once');
        exit(code === 0 ? 130 : code);
        return;
      }
      startedAt = Date.now();
      state.draining = true;
      log.info({ cause }, 'draining');
      run(code).catch((error: unknown) => {
        log.error({ err: error }, 'the server could not drain');
        exit(1);
      });
    },
    async during(work) {
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
