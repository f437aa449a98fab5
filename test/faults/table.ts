import { readPage, tableBelow } from '../docs/markdown.ts';

export const FAILURES = [
  'PostgreSQL frozen',
  'PostgreSQL gone',
  'Redis frozen',
  'Redis gone',
  'Temporal gone',
  'SMTP gone',
] as const;
export type Failure = (typeof FAILURES)[number];

/** The promise in a cell of the table. */
export interface Promised {
  /** `ok`, the reason of a refusal, or the status of a probe. */
  outcome: string;
  /** The longest time until the answer, in ms. */
  within: number;
}

/** The limit for "at once", in ms. */
const AT_ONCE_MS = 1_000;
const REST_OF_THEM = 'every other procedure';

export interface Row {
  /** Procedures or paths. An empty list stands for all that have no row of their own. */
  names: string[];
  cells: Readonly<Record<Failure, Promised>>;
}

/**
 * Reads the table of docs/operations.md, and adds the product's procedures to the rows that docs/product/api.md names.
 * @throws Error for a cell without a promise
 */
export async function failureTable(): Promise<{ rows: Row[]; rowOf: (name: string) => Row }> {
  const [head = [], ...lines] = tableBelow(await readPage('docs/operations.md'), 'Failures');
  const columns = FAILURES.map((failure) => [failure, head.indexOf(failure)] as const);
  const missing = columns.filter(([, column]) => column < 0);
  if (missing.length > 0) throw new Error(`No column for ${missing.map(([failure]) => failure).join(', ')}`);
  const [, ...likenesses] = tableBelow(await readPage('docs/product/api.md'), 'Failures');
  const rows = lines.map((line): Row => {
    const [first = ''] = line;
    const promised = (failure: Failure): Promised => promiseOf(line[head.indexOf(failure)] ?? '');
    return {
      names: first === REST_OF_THEM ? [] : [...namesIn(first), ...alikeTo(namesIn(first), likenesses)],
      cells: {
        'PostgreSQL frozen': promised('PostgreSQL frozen'),
        'PostgreSQL gone': promised('PostgreSQL gone'),
        'Redis frozen': promised('Redis frozen'),
        'Redis gone': promised('Redis gone'),
        'Temporal gone': promised('Temporal gone'),
        'SMTP gone': promised('SMTP gone'),
      },
    };
  });
  return {
    rows,
    rowOf(name) {
      const row = rows.find(({ names }) => names.includes(name)) ?? rows.find(({ names }) => names.length === 0);
      if (!row) throw new Error(`${name} has no row in docs/operations.md`);
      return row;
    },
  };
}

function namesIn(cell: string): string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = '']) => name);
}

/** @returns the product's procedures that answer like one of these */
function alikeTo(names: readonly string[], likenesses: readonly string[][]): string[] {
  const alike = likenesses.filter(([, like = '']) => namesIn(like).some((name) => names.includes(name)));
  return alike.flatMap(([procedures = '']) => namesIn(procedures));
}

/** Reads "`OVERLOADED` within 10 s", "`OVERLOADED` at once", "ok". */
function promiseOf(cell: string): Promised {
  const [, outcome, seconds, atOnce] = /^`?(\w+)`?(?: within (\d+) s| (at once))?$/.exec(cell) ?? [];
  if (outcome === undefined) throw new Error(`This cell promises nothing that could be tested: ${cell}`);
  const within = seconds !== undefined ? Number(seconds) * 1000 : atOnce !== undefined ? AT_ONCE_MS : Infinity;
  return { outcome, within };
}
