import type { Log } from '../core/log/log.ts';

/** The state of a server that is shutting down. */
export interface Drain {
  /** `/readyz` answers 503. Requests are still served, each with `Connection: close`. */
  readonly draining: boolean;
  /** New requests are refused with `SHUTTING_DOWN`. Requests in progress continue. */
  readonly refusing: boolean;
  /** Aborted when streams must end. */
  readonly ending: AbortSignal;
}

/** How long the answers of the last refused requests are delayed before the listener closes, in ms. */
const HOLD_MS = 500;
/** How long closing the pools and the log may take after the deadline, in ms. */
const LAST_MS = 1_000;

export interface Shutdown {
  readonly drain: Drain;
  /** Starts to drain and later ends the process. Must be called only once. */
  begin(): void;
  /** Runs a request and counts it as in progress. The last refused requests wait until the listener is closing. */
  during<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Shuts a server down without failed requests. It reports "not ready", serves requests for `window` ms, refuses new
 * requests, waits for the requests in progress, and exits.
 * @param options.window how long it still accepts requests, in ms
 * @param options.deadline when it exits even if requests are in progress, in ms from the beginning
 * @param options.stop closes the listener; with `force` also the open connections
 * @param options.close closes pools and the log, as the last step
 */
export function createShutdown(options: {
  window: number;
  deadline: number;
  log: Log;
  stop: (force: boolean) => Promise<void>;
  close: () => Promise<void>;
  /** Ends the process. Without a code, it exits with `process.exitCode`. */
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
   * Delays the answers of refused requests until `release` is called. A refused client may retry at once, and that request
   * would fail if the listener closed at that moment. A client that waits for an answer sends no request.
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
