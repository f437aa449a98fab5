import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ROOMS = ['core', 'db', 'workflows', 'routers', 'src', 'client', 'dev', 'cli', 'bench'];

const sources = ROOMS.flatMap((room) =>
  readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file: join(room, file), text: readFileSync(join(ROOT, room, file), 'utf8') })),
);

const filesWith = (pattern: RegExp): string[] =>
  sources.filter(({ text }) => pattern.test(text)).map(({ file }) => file);

test('no import hides its target in a template, where the linter does not look', () => {
  expect(filesWith(/\bimport\(\s*`/)).toEqual([]);
});

test('no file reads the environment by import.meta, which the linter lets pass', () => {
  expect(filesWith(/\bimport\.meta\s*(\.\s*env\b|\[)/)).toEqual([]);
});

test('createRequire finds files and loads none: what it loads, no rule would see', () => {
  expect(filesWith(/\bcreateRequire\([^()]*\)\s*\(|\brequire\s*\(/)).toEqual([]);
});

test('every exception from a lint rule names the rule and says why', () => {
  const exceptions = sources.flatMap(({ text }) => text.match(/\/[/*]\s*(?:ox|es)lint-disable.*/g) ?? []);
  expect(exceptions.filter((comment) => !/-disable(-next-line|-line)? [\w/@, -]+ -- \S/.test(comment))).toEqual([]);
});
