import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { getTableName, is } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import { expect, test } from 'vitest';
import { AUDIT_ACTIONS } from '../../core/audit/actions.ts';
import { PRODUCT_ACTIONS } from '../../core/audit/product/actions.ts';
import { envExample, settingTable } from '../../core/env/docs-table.ts';
import { STATUS_OF_REASON } from '../../core/errors.ts';
import { CONCURRENCY_RULES, limitTable, productLimitTable, RULES } from '../../core/rate-limit/index.ts';
import * as lobby from '../../db/tables/lobby.ts';
import { restProcedures } from '../../src/rest/mount.ts';
import { procedures } from '../matrix/procedures.ts';
import { readPage, ROOT, tableBelow } from './markdown.ts';

test('the docs and .env.example name every setting as the schema has it', async () => {
  expect(await readPage('docs/configuration.md')).toContain(`\n${settingTable()}\n`);
  expect(await readPage('.env.example')).toBe(envExample());
});

test('the docs list every limit, with its numbers, its key, its refunds and its procedures', async () => {
  const page = await readPage('docs/how-to/limit-rates.md');
  expect(page).toContain(`\n${limitTable()}\n`);
  const productPage = await readPage('docs/product/api.md');
  expect(productPage).toContain(`\n${productLimitTable()}\n`);
  const listed = Array.from(`${page}${productLimitTable()}`.matchAll(/^\| `([a-z]\w+)` \|/gm), ([, name = '']) => name);
  expect(listed.toSorted()).toEqual([...Object.keys(RULES), ...Object.keys(CONCURRENCY_RULES)].toSorted());
});

test('the docs list every reason for an error, with its status', async () => {
  const [, ...rows] = tableBelow(await readPage('docs/api.md'), 'Errors');
  const listed = rows.map(([reason = '', status = '']) => [reason.replaceAll('`', ''), Number(status)]);
  expect(Object.fromEntries(listed)).toEqual(STATUS_OF_REASON);
  expect(listed).toHaveLength(Object.keys(STATUS_OF_REASON).length);
});

test('the docs list every procedure, with its path, its level and its success', async () => {
  const pages = await Promise.all(['docs/api.md', 'docs/product/api.md'].map(readPage));
  const rows = pages.flatMap((page) => tableBelow(page, 'Procedures').slice(1));
  const built = restProcedures().map(({ path, meta: { openapi, access, successStatus = 200 } }) =>
    [`\`${path}\``, `\`${openapi.method} ${openapi.path}\``, access, successStatus].join(' | '),
  );
  expect(rows.map((row) => row.join(' | ')).toSorted()).toEqual(built.toSorted());
});

test('the docs list every folder that is the product’s, each once', async () => {
  const layers = (await readdir(ROOT, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const ours = layers.map(({ name }) => name).filter((name) => !name.startsWith('.') && name !== 'node_modules');
  const folders = await Promise.all(
    ours.map((layer) => readdir(join(ROOT, layer), { recursive: true, withFileTypes: true })),
  );
  const owned = folders
    .flat()
    .filter((entry) => entry.isDirectory() && entry.name === 'product')
    .map(({ parentPath, name }) => `${relative(ROOT, join(parentPath, name))}/`);
  const listed = (await firstColumn('docs/upgrading.md', 'Who owns what')).flatMap((cell) => cell.split(', '));
  expect(listed.toSorted()).toEqual(owned.toSorted());
});

/** @returns the first cells of a table's rows, without the head */
async function firstColumn(page: string, heading: string): Promise<string[]> {
  const [, ...rows] = tableBelow(await readPage(page), heading);
  return rows.map(([first = '']) => first.replaceAll('`', ''));
}

test('the docs list every table of the lobby', async () => {
  const tables = Object.values(lobby).filter((value) => is(value, PgTable));
  expect((await firstColumn('docs/architecture/multi-tenancy.md', 'Tables of the lobby')).toSorted()).toEqual(
    tables.map((table) => getTableName(table)).toSorted(),
  );
});

test('the docs list every workflow of Atrium', async () => {
  // Read as text, because sandbox code cannot be imported outside of Temporal's sandbox.
  const files = namesIn(await readFile(`${ROOT}workflows/sandbox/index.ts`, 'utf8'), /^export \* from '\.\/(.+)';$/gm);
  const sources = await Promise.all(files.map((file) => readFile(`${ROOT}workflows/sandbox/${file}`, 'utf8')));
  const exported = sources.flatMap((source) => namesIn(source, /^export async function (\w+)/gm));
  expect(exported).toHaveLength(files.length);
  expect((await firstColumn('docs/architecture/workflows.md', 'Which workflows there are')).toSorted()).toEqual(
    exported.toSorted(),
  );
});

function namesIn(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), ([, name = '']) => name);
}

/** Actions without a procedure: the worker and the commands write them. */
const OF_THE_SYSTEM = [
  'audit.drop',
  'audit.reseal',
  'mail.refuse',
  'tenant.provision',
  'tenant.reap',
  'user.demote',
  'user.promote',
];
/** The only read that always leaves an audit row. It is an HTTP route, not a procedure. */
const EXPORT = 'audit.export';

test('the docs list every action that changes something, and no action that the audit log does not know', async () => {
  const [, ...rows] = tableBelow(await readPage('docs/security.md'), 'The audit log');
  const listed = rows.flatMap(([, cell = '']) =>
    Array.from(cell.matchAll(/`([a-z_]+\.[a-z_]+)`/g), ([, name]) => name),
  );
  const changing = procedures().filter(({ type }) => type === 'mutation');
  const written = [...changing.map(({ action }) => action), ...OF_THE_SYSTEM, EXPORT];
  // The page names some actions of the product as examples.
  const ofAtrium = (action = ''): boolean => !Object.hasOwn(PRODUCT_ACTIONS, action);
  expect(new Set(listed.filter(ofAtrium))).toEqual(new Set(written.filter(ofAtrium)));
});

test('every action of the list is written by a procedure or by the system', () => {
  const written = new Set([...procedures().map(({ action }) => action), ...OF_THE_SYSTEM, EXPORT]);
  expect(Object.keys(AUDIT_ACTIONS).toSorted()).toEqual([...written].toSorted());
});
