import { callProcedure, mountsOf, verdictOf } from '../matrix/call.ts';
import { makeCaller, type Caller } from '../matrix/cast.ts';
import { inputFor } from '../matrix/inputs.ts';
import type { Procedure } from '../matrix/procedures.ts';
import type { Stage } from '../matrix/stage.ts';
import { rowOf as levelsOf } from '../matrix/table.ts';

/** A call that can be made: what it needs is in the database. */
export interface Ready {
  procedure: Procedure;
  caller: Caller;
  input: object | undefined;
}

/** Inserts what a call needs into the database, before the failure. */
export async function prepare(stage: Stage, procedure: Procedure): Promise<Ready> {
  const levels = levelsOf(procedure.path);
  const who = levels.anonymous === 'ok' ? 'anonymous' : levels.admin === 'ok' ? 'admin' : 'superuser';
  const caller = await makeCaller(stage, who);
  return { procedure, caller, input: await inputFor(procedure.path, stage, caller) };
}

export interface Answered {
  outcome: string;
  ms: number;
}

/** Calls a procedure on one of its mounts, by turn. */
export async function call(
  stage: Stage,
  { procedure, caller: { token }, input }: Ready,
  turn: number,
): Promise<Answered> {
  const mounts = mountsOf(procedure);
  const mount = mounts[turn % mounts.length] ?? 'tRPC';
  const begun = performance.now();
  const answer = await callProcedure(mount, stage.url, procedure, {
    ...(token !== undefined && { token }),
    tenant: stage.home.slug,
    input,
  });
  const outcome = verdictOf(answer);
  // The headers of a stream are sent before it fails.
  const comeBack = procedure.type === 'subscription' || answer.headers.has('retry-after');
  return { outcome: answer.status === 503 && !comeBack ? `${outcome} without Retry-After` : outcome, ms: since(begun) };
}

export function since(begun: number): number {
  return performance.now() - begun;
}
