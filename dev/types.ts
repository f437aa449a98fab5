import type { StopSignal } from './child.ts';
import type { Death } from './part.ts';

export interface StackOptions {
  /** The absolute path of the directory for all data of the stack. Only one stack at a time may use it. */
  readonly dataDir: string;
  /** The folder for downloaded executables; the clone's `.local/bin` when left out. */
  readonly cacheDir?: string;
  /** Gets each line of progress, and each output line of the server and the worker with a prefix such as `server | `. */
  readonly log: (line: string) => void;
  /** The server's port; 0 chooses a free one. */
  readonly port: number;
  /** The path of the Bun that runs the server. */
  readonly bun: string;
  /** The caller's environment. The parts get its PATH, proxies and so on, but not its Atrium settings. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Atrium settings for all parts; they override those that the stack sets. */
  readonly extraEnv?: Readonly<Record<string, string>>;
  /** `development` when left out. */
  readonly nodeEnv?: string;
  /** Which of server and worker to start; the other can be started later. Both when left out. */
  readonly parts?: readonly ('server' | 'worker')[];
  /** For tests: PostgreSQL without fsync, Temporal's histories in memory, and very high rate limits. */
  readonly fast?: boolean;
  /** Whether Temporal keeps its histories in memory only; as `fast` when left out. */
  readonly temporalInMemory?: boolean;
  /** Whether to empty the data directory first. Downloaded executables stay. */
  readonly reset?: boolean;
  /** Aborts the start: the parts are stopped, and startStack rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The content of `stack.json`. */
export interface StackFile {
  /** Where the server listens. */
  readonly url: string;
  readonly databaseUrl: string;
  readonly databaseOwnerUrl: string;
  readonly temporalAddress: string;
  /** null if TEMPORAL_ADDRESS is set: the page of an external server is unknown. */
  readonly temporalUiUrl: string | null;
  readonly mailDir: string;
  readonly superuser: { readonly email: string; readonly password: string };
}

/** A running stack. Stopping a part by the functions below does not affect the others, and does not resolve `exited`. */
export interface Stack extends StackFile {
  /** The database URL for PostgreSQL's superuser, for tests that check what other roles cannot see. */
  readonly databaseAdminUrl: string;
  /** The environment of the parts. It includes the owner's URL, which the server does not get. */
  readonly env: Readonly<Record<string, string>>;
  /** Resolves to the first part that ends by itself, and is pending until then. */
  readonly exited: Promise<Death>;
  /** Stops server, worker, Temporal and PostgreSQL, in this order. May be called twice. */
  stop(): Promise<void>;
  /** `start` uses the same ports again, and the same histories if they are kept in a file. */
  readonly temporal: { stop(): Promise<void>; start(): Promise<void> };
  readonly worker: {
    /** The process id; undefined while the process does not run. */
    readonly pid: number | undefined;
    /** Sends a signal, and resolves when the process has exited. */
    kill(signal: StopSignal): Promise<void>;
    start(extraEnv?: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<void>;
  };
  readonly server: {
    readonly pid: number | undefined;
    stop(): Promise<void>;
    start(extraEnv?: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<void>;
  };
}
