import type { Caller } from './cast.ts';
import type { InputOf, ProcedurePath } from './procedures.ts';
import type { Stage } from './stage.ts';

/** Makes a valid input for a procedure. */
export type MakeInput<Path extends ProcedurePath> = (
  stage: Stage,
  caller: Caller,
) => InputOf<Path> | Promise<InputOf<Path>>;

/** The input of a list. */
export const PAGE = { limit: 3 };
