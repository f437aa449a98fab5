import { beforeAll, describe, expect, test } from 'vitest';
import { CODE_BREACHES } from './code-breaches.ts';
import { IMPORT_BREACHES } from './import-breaches.ts';
import { IMPORTS, lintPlanted, type Planted } from './planted-lint.ts';
import { SQL_BREACHES } from './sql-breaches.ts';
import { STAIRCASE, steps } from './staircase.ts';

/** The other refused code, each with similar code that is allowed. */
const BREACHES = [...CODE_BREACHES, ...SQL_BREACHES, ...IMPORT_BREACHES];

let rulesThatRefuse: (line: Planted) => string[];

beforeAll(async () => {
  rulesThatRefuse = await lintPlanted([...steps, ...BREACHES.flatMap(({ breach, twin }) => [breach, twin])]);
});

describe('the staircase', () => {
  test.for(STAIRCASE)('holds for $place: static, dynamic, re-exported and type imports', ({ place }) => {
    const mine = steps.filter((step) => step.file === place);
    const wrong = mine.filter((step) => rulesThatRefuse(step).includes(IMPORTS) !== step.refused);
    expect(wrong).toEqual([]);
  });
});

test.for(BREACHES)('refuses $what', ({ breach, rule, twin }) => {
  expect(rulesThatRefuse(breach)).toContain(rule);
  expect(rulesThatRefuse(twin)).not.toContain(rule);
});
