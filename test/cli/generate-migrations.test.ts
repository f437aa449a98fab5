import { execFile } from 'node:child_process';
import { appendFile, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { makeClone, type Clone } from '../docs/clone.ts';
import { ROOT } from '../docs/markdown.ts';
import { at } from '../support/rest.ts';

// The command that generates migrations.
const stack = inject('stack');
const bun = stack.env['ATRIUM_BUN'] ?? 'bun';
let clone: Clone;

beforeAll(async () => {
  clone = await makeClone();
  await symlink(join(ROOT, 'node_modules'), join(clone.folder, 'node_modules'));
});
afterAll(() => clone[Symbol.asyncDispose]());

/** Runs `bun run db:generate`. @returns its output @throws the error of `execFile` if it fails */
async function generate(...args: string[]): Promise<string> {
  const command = ['run', '--silent', 'db:generate', ...args];
  return (await promisify(execFile)(bun, command, { cwd: clone.folder })).stdout;
}

async function refusalOf(...args: string[]): Promise<unknown> {
  return await generate(...args).then(
    (output) => expect.fail(`db:generate did not fail, but says: ${output}`),
    (error: unknown) => error,
  );
}

/** @returns every migration of the clone */
async function migrations(): Promise<string[]> {
  const folder = join(clone.folder, 'db/migrations');
  return (await readdir(folder, { recursive: true })).filter((name) => /^(lobby|tenant).*\.sql$/.test(name)).toSorted();
}

/** Changes a file of the clone until the test ends. */
async function change(file: string, edit: (text: string) => string): Promise<AsyncDisposable> {
  const path = join(clone.folder, file);
  const text = await readFile(path, 'utf8');
  await writeFile(path, edit(text));
  return { [Symbol.asyncDispose]: () => writeFile(path, text) };
}

const LABELS = `
import { pgTable, uuid } from 'drizzle-orm/pg-core';
import { projects } from './projects.ts';
export const labels = pgTable('labels', { id: uuid().primaryKey(), of: uuid().references(() => projects.id) });
`;
const PLANS = `
import { uuid } from 'drizzle-orm/pg-core';
import { lobby } from '../lobby/columns.ts';
export const plans = lobby.table('plans', { id: uuid().primaryKey() });
`;
const notes = (name: string): string => `
import { pgTable, uuid } from 'drizzle-orm/pg-core';
export const notes = pgTable('${name}', { id: uuid().primaryKey() });
`;

test('db:generate writes to the sets of the product, says where, and leaves those of Atrium alone', async () => {
  const before = await migrations();
  await appendFile(join(clone.folder, 'db/tables/product/tenant.ts'), LABELS);
  await appendFile(join(clone.folder, 'db/tables/product/lobby.ts'), PLANS);
  await appendFile(join(clone.folder, 'db/tables/tenant.ts'), notes('atrium_notes'));
  const output = await generate('labels');
  const written = (await migrations()).filter((name) => !before.includes(name));
  expect(written).toEqual([
    expect.stringMatching(/^lobby\/product\/\d{4}_labels\.sql$/),
    expect.stringMatching(/^tenant\/product\/\d{4}_labels\.sql$/),
  ]);
  for (const name of written) expect(output).toContain(`db:generate: wrote db/migrations/${name}\n`);
  const sql = await readFile(join(clone.folder, 'db/migrations', written[1] ?? ''), 'utf8');
  expect(sql).toContain('REFERENCES "projects"("id")');
  expect(sql).not.toContain('public');
  expect(await generate('labels')).toMatch(/tenant\/product is up to date .*\n.*lobby\/product is up to date/);
});

test('db:generate --atrium writes to the sets of Atrium, and leaves those of the product alone', async () => {
  const before = await migrations();
  await using _ = await change('db/tables/product/projects.ts', (text) =>
    text.replace('projects_name_key', 'other_key'),
  );
  const output = await generate('--atrium', 'notes');
  const written = (await migrations()).filter((name) => !before.includes(name));
  expect(written).toEqual([expect.stringMatching(/^tenant\/atrium\/\d{4}_notes\.sql$/)]);
  expect(output).toContain(`db:generate: wrote db/migrations/${written[0]}\n`);
  expect(output).toContain('db:generate: db/migrations/lobby/atrium is up to date');
});

test('db:generate --custom makes an empty migration of one scope, for SQL by hand', async () => {
  const before = await migrations();
  await generate('--custom', 'lobby', 'guards');
  const written = (await migrations()).filter((name) => !before.includes(name));
  expect(written).toEqual([expect.stringMatching(/^lobby\/product\/\d{4}_guards\.sql$/)]);
});

test('db:generate writes nothing for a table that breaks the rules of its set, and says which rule', async () => {
  const before = await migrations();
  const attempts = [
    {
      file: 'db/tables/tenant.ts',
      text: notes('remarks'),
      args: ['--atrium'],
      told: /remarks: .* begins with atrium_/,
    },
    {
      file: 'db/tables/product/tenant.ts',
      text: notes('atrium_remarks'),
      args: [],
      told: /atrium_remarks: .* are kept/,
    },
  ];
  for (const { file, text, args, told } of attempts) {
    await using _ = await change(file, (old) => old + text.replaceAll('notes', 'remarks'));
    const failure = await refusalOf(...args, 'remarks');
    expect(at(failure, 'code')).toBe(1);
    expect(at(failure, 'stderr')).toMatch(told);
  }
  expect(await migrations()).toEqual(before);
});

test.each([['--atirum'], ['two', 'names'], ['--custom', 'tenants', 'name']])(
  'db:generate refuses what it does not know: %s',
  async (...args) => {
    const failure = await refusalOf(...args);
    expect(at(failure, 'code')).toBe(1);
    expect(at(failure, 'stderr')).toMatch(/^Usage: bun run db:generate/);
  },
);

test('db:generate fails, and says what to do, where it would have to ask and there is no terminal', async () => {
  await using _ = await change('db/tables/product/projects.ts', (text) =>
    text.replace('description: text()', 'summary: text()'),
  );
  const failure = await refusalOf('renamed');
  expect(at(failure, 'code')).toBe(1);
  expect(at(failure, 'stderr')).toContain('run this command in a terminal');
});

test('a process that runs while a migration is added makes tenants at the new version', async () => {
  const script = `
    import { readFileSync, writeFileSync } from 'node:fs';
    import { newestVersions, readSets } from './db/migrations/sets.ts';
    const before = newestVersions(readSets('tenant')).product;
    const path = 'db/migrations/tenant/product/meta/_journal.json';
    const journal = JSON.parse(readFileSync(path, 'utf8'));
    const last = journal.entries.at(-1);
    journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + 1, tag: '9999_added' });
    writeFileSync('db/migrations/tenant/product/9999_added.sql', 'create table added (id int)');
    writeFileSync(path, JSON.stringify(journal));
    console.log(newestVersions(readSets('tenant')).product - before);`;
  const { stdout } = await promisify(execFile)(bun, ['-e', script], { cwd: clone.folder });
  expect(stdout.trim()).toBe('1');
});
