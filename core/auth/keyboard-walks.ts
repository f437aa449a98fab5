import { MatcherBaseClass, type Match, type Matcher, type MatchExtended, type MatchOptions } from '@zxcvbn-ts/core';
import { KEYBOARDS, SHIFTED } from './keyboards.ts';

/** The position of a key, and whether it is typed with shift. */
interface Key {
  row: number;
  column: number;
  shifted: boolean;
}

/** One arrangement of the keys of a keyboard. `periods`: after how many steps the steps of a walk may repeat. */
interface Layout {
  keys: ReadonlyMap<string, Key>;
  periods: readonly number[];
}

interface Walk extends Match {
  pattern: 'keyboardWalk';
  guesses: number;
}

/** How many steps make one pattern: a row has one, `qawsed` two, `qazwsxedc` three, `1qaz2wsx` four. */
const PERIODS = [1, 2, 3, 4, 5, 6];
/** The number of choices for the first key of a walk, and for a step to a neighbour or farther. */
const GUESSES = { start: 47, neighbour: 4, jump: 16 } as const;
/** The longest step of a walk, in rows and in columns. */
const FARTHEST_JUMP = 3;
const SHORTEST_WALK = 4;

const LAYOUTS: readonly Layout[] = Object.entries(KEYBOARDS).flatMap(([name, rows]) => {
  const letters = rows.slice(1).map((row) => Array.from(row, (char) => (/[\p{L}\p{M}]/u.test(char) ? char : ' ')));
  const width = Math.max(...letters.map(({ length }) => length));
  const columns = Array.from({ length: width }, (_, column) => letters.map((row) => row[column] ?? ' '));
  const grid = rows.map((row) => Array.from(row));
  return [
    { keys: keysOf(grid, SHIFTED[name]), periods: PERIODS },
    // The letters as one line, by rows and by columns, for walks that continue in the next row or column.
    { keys: keysOf([lettersOf(letters)]), periods: [1] },
    { keys: keysOf([lettersOf(columns)]), periods: [1] },
  ];
});

function lettersOf(lines: readonly (readonly string[])[]): string[] {
  return lines.flat().filter((char) => char !== ' ');
}

function keysOf(rows: readonly (readonly string[])[], shifted?: readonly [string, string]): Map<string, Key> {
  const keys = new Map<string, Key>();
  const add = (char: string, key: Key): void => {
    // zxcvbn counts code units, so only characters of one code unit are supported.
    if (char.length === 1 && !keys.has(char)) keys.set(char, key);
  };
  const [plain, capitals] = (shifted ?? ['', '']).map((chars) => Array.from(chars));
  for (const [row, chars] of rows.entries()) {
    for (const [column, char] of chars.entries()) {
      if (char === ' ') continue;
      add(char, { row, column, shifted: false });
      add(char.toUpperCase(), { row, column, shifted: true });
      add(capitals?.[plain?.indexOf(char) ?? -1] ?? '', { row, column, shifted: true });
    }
  }
  return keys;
}

/**
 * Finds walks over the keys of many keyboards: along rows, along columns and in zigzags. zxcvbn's own graphs cover only a
 * few Latin keyboards. They also count each change of direction as a choice, although `qawsedrf` is a single pattern.
 */
class KeyboardWalks extends MatcherBaseClass {
  match({ password }: MatchOptions): MatchExtended[] {
    const best = new Map<number, Walk>();
    for (const { keys, periods } of LAYOUTS) {
      const pressed = Array.from({ length: password.length }, (_, index) => keys.get(password.charAt(index)));
      const steps = stepsOf(pressed);
      if (!steps) continue;
      for (const period of periods) {
        for (const [first, last] of walksIn(steps, period)) {
          const guesses = guessesOf(steps.slice(first, first + period), pressed.slice(first, last + 1));
          const at = first * password.length + last;
          if ((best.get(at)?.guesses ?? Infinity) <= guesses) continue;
          best.set(at, { pattern: 'keyboardWalk', i: first, j: last, token: password.slice(first, last + 1), guesses });
        }
      }
    }
    return [...best.values()];
  }
}

/** A step is encoded as one number of its rows and columns. `NONE`: there is no such key, or the step is too long. */
const NONE = -1;
const SPAN = 2 * FARTHEST_JUMP + 1;

/** @returns the steps between the keys; `undefined` if they are too few for a walk */
function stepsOf(pressed: readonly (Key | undefined)[]): number[] | undefined {
  const steps: number[] = [];
  let taken = 0;
  for (let index = 1; index < pressed.length; index += 1) {
    const [from, to] = [pressed[index - 1], pressed[index]];
    const rows = from && to ? to.row - from.row : Infinity;
    const columns = from && to ? to.column - from.column : Infinity;
    const near = Math.abs(rows) <= FARTHEST_JUMP && Math.abs(columns) <= FARTHEST_JUMP;
    if (near) taken += 1;
    steps.push(near ? (rows + FARTHEST_JUMP) * SPAN + columns + FARTHEST_JUMP : NONE);
  }
  return taken + 1 < SHORTEST_WALK ? undefined : steps;
}

/** The longest walks whose steps repeat with this period, each as the index of its first and its last key. */
function walksIn(steps: readonly number[], period: number): [first: number, last: number][] {
  const walks: [number, number][] = [];
  for (let first = 0; first + period < steps.length;) {
    let last = first;
    while (
      last < steps.length &&
      steps[last] !== NONE &&
      (last < first + period || steps[last] === steps[last - period])
    ) {
      last += 1;
    }
    if (last - first + 1 >= Math.max(SHORTEST_WALK, period + 3)) {
      walks.push([first, last]);
      // The next walk may overlap the last steps of this one.
      first = Math.max(first + 1, last - period);
    } else first += 1;
  }
  return walks;
}

function guessesOf(pattern: readonly number[], pressed: readonly (Key | undefined)[]): number {
  const shifted = pressed.filter((key) => key?.shifted).length;
  // Without shift there is one choice. Otherwise each key of the smaller group, shifted or not, doubles the choices.
  const choices = shifted === 0 ? 1 : 2 * 2 ** Math.min(shifted, pressed.length - shifted);
  return pattern.reduce((all, step) => all * guessesOfStep(step), GUESSES.start * pressed.length * choices);
}

function guessesOfStep(step: number): number {
  const [rows, columns] = [Math.floor(step / SPAN) - FARTHEST_JUMP, (step % SPAN) - FARTHEST_JUMP];
  return Math.max(Math.abs(rows), Math.abs(columns)) <= 1 ? GUESSES.neighbour : GUESSES.jump;
}

/** A matcher for zxcvbn. The score of a match is its `guesses`. */
export const keyboardWalks: Matcher = {
  Matching: KeyboardWalks,
  scoring: (match) => Number(match['guesses']),
  feedback: ({ translations }) => ({
    warning: translations.warnings.keyPattern,
    suggestions: [translations.suggestions.longerKeyboardPattern],
  }),
};
