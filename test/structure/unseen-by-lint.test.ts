import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LAYERS = ['core', 'db', 'workflows', 'routers', 'src', 'client', 'dev', 'cli', 'bench'];

const sources = LAYERS.flatMap((layer) =>
  readdirSync(join(ROOT, layer), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file: join(layer, file), text: readFileSync(join(ROOT, layer, file), 'utf8') })),
);

const filesWith = (pattern: RegExp): string[] =>
  sources.filter(({ text }) => pattern.test(text)).map(({ file }) => file);

test('no import has its target in a template, which the linter does not check', () => {
  expect(filesWith(/\bimport\(\s*`/)).toEqual([]);
});

test('no file reads the environment by import.meta, which the linter does not check', () => {
  expect(filesWith(/\bimport\.meta\s*(\.\s*env\b|\[)/)).toEqual([]);
});

test('createRequire is used to find files only, since the linter does not check what it loads', () => {
  expect(filesWith(/\bcreateRequire\([^()]*\)\s*\(|\brequire\s*\(/)).toEqual([]);
});

test('every exception from a lint rule names the rule and says why', () => {
  const exceptions = sources.flatMap(({ text }) => text.match(/\/[/*]\s*(?:ox|es)lint-disable.*/g) ?? []);
  expect(exceptions.filter((comment) => !/-disable(-next-line|-line)? [\w/@, -]+ -- \S/.test(comment))).toEqual([]);
});
