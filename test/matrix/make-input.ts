import type { Caller } from './cast.ts';
import type { InputOf, ProcedurePath } from './procedures.ts';
import type { Stage } from './stage.ts';

/** Makes a valid input for a procedure. */
export type MakeInput<Path extends ProcedurePath> = (
  stage: Stage,
  caller: Caller,
) => InputOf<Path> | Promise<InputOf<Path>>;

/** A valid input for a list. */
export const PAGE = { limit: 3 };
