import { StackError } from './error.ts';
import { createPart, type Death, type Part } from './part.ts';
import { STOP_POSTGRES } from './postgres.ts';
import { STOP_PROCESS } from './processes.ts';
import { STOP_TEMPORAL } from './temporal.ts';
import { describeExit } from './wait.ts';

/** The parts of one stack, and how they are stopped. */
export interface Life {
  readonly postgres: Part;
  readonly temporal: Part;
  readonly worker: Part;
  readonly server: Part;
  /** Aborted when the start must stop: the caller asked for it, a step failed, or a part ended. */
  readonly failing: AbortController;
  /** The first part that ended by itself. */
  readonly exited: Promise<Death>;
  /** Stops the parts, each before the parts that it uses, then calls `release`. */
  stop(): Promise<void>;
}

/** @param release called once, after all parts have ended. */
export function createLife(signal: AbortSignal | undefined, release: () => Promise<void>): Life {
  const failing = new AbortController();
  signal?.addEventListener('abort', () => failing.abort(signal.reason));
  if (signal?.aborted) failing.abort(signal.reason);

  let tellExited: (death: Death) => void = () => {};
  const exited = new Promise<Death>((resolve) => {
    tellExited = resolve;
  });
  const onDeath = (death: Death) => {
    tellExited(death);
    failing.abort(new StackError(`${death.part} ended (${describeExit(death.code)})`, death.tail));
  };
  const postgres = createPart('PostgreSQL', onDeath);
  const temporal = createPart('Temporal', onDeath);
  const worker = createPart('the worker', onDeath);
  const server = createPart('the server', onDeath);

  const stop = async () => {
    await server.stop(...STOP_PROCESS);
    await worker.stop(...STOP_PROCESS);
    await temporal.stop(...STOP_TEMPORAL);
    await postgres.stop(...STOP_POSTGRES);
    await release();
  };
  let stopping: Promise<void> | undefined;
  return { postgres, temporal, worker, server, failing, exited, stop: () => (stopping ??= stop()) };
}
