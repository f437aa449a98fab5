import type { StopSignal } from './child.ts';
import type { Death } from './part.ts';

export interface StackOptions {
  /** Absolute path of the directory that keeps everything the stack stores. One stack at a time may use it. */
  readonly dataDir: string;
  /** Keeps the Temporal executable once it was fetched; the clone's `.local/bin` when left out. */
  readonly cacheDir?: string;
  /** Takes each line of progress, and each line that the server and the worker print, with `server | ` before it. */
  readonly log: (line: string) => void;
  /** The server's port; 0 chooses a free one. */
  readonly port: number;
  /** Path of the Bun that runs the server. */
  readonly bun: string;
  /** The caller's environment. Its PATH, proxies and so on reach the parts; Atrium's settings in it do not. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Settings of Atrium for all parts; they come before those that the stack makes. */
  readonly extraEnv?: Readonly<Record<string, string>>;
  /** `development` when left out. */
  readonly nodeEnv?: string;
  /** Our own processes to start at once; the others can be started later. Both when left out. */
  readonly parts?: readonly ('server' | 'worker')[];
  /** For tests: PostgreSQL without fsync, Temporal's histories in memory, rate limits out of the way. */
  readonly fast?: boolean;
  /** Whether Temporal keeps its histories in memory only; as `fast` when left out. */
  readonly temporalInMemory?: boolean;
  /** Whether to empty the data directory first. What was downloaded stays. */
  readonly reset?: boolean;
  /** Gives up starting: what has started is stopped, and startStack rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What `stack.json` says. */
export interface StackFile {
  /** Where the server listens. */
  readonly url: string;
  readonly databaseUrl: string;
  readonly databaseOwnerUrl: string;
  readonly temporalAddress: string;
  /** null when TEMPORAL_ADDRESS was given: we don't know that server's page. */
  readonly temporalUiUrl: string | null;
  readonly mailDir: string;
  readonly superuser: { readonly email: string; readonly password: string };
}

/** A running stack. Its process functions change nothing in the others; a part stopped by them is no `exited`. */
export interface Stack extends StackFile {
  /** PostgreSQL's superuser, for tests that look behind the curtain. */
  readonly databaseAdminUrl: string;
  /** Everything that the parts' processes get, the owner's URL included, which the server does not get. */
  readonly env: Readonly<Record<string, string>>;
  /** The first part that ends by itself. Stays pending while all is well. */
  readonly exited: Promise<Death>;
  /** Stops server, worker, Temporal and PostgreSQL, in this order. May be called twice. */
  stop(): Promise<void>;
  /** Temporal comes back on the same ports, with its histories if they are kept in a file. */
  readonly temporal: { stop(): Promise<void>; start(): Promise<void> };
  readonly worker: {
    /** undefined while it does not run. */
    readonly pid: number | undefined;
    /** Sends a signal, and resolves when the process is gone. */
    kill(signal: StopSignal): Promise<void>;
    start(extraEnv?: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<void>;
  };
  readonly server: {
    readonly pid: number | undefined;
    stop(): Promise<void>;
    start(extraEnv?: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<void>;
  };
}
