import { expect, test } from 'vitest';
import { envExample, settingTable } from '../../core/env/table.ts';
import { STATUS_OF_REASON } from '../../core/errors.ts';
import { limitTable } from '../../core/rate-limit/index.ts';
import { restProcedures } from '../../src/rest/mount.ts';
import { readPage, tableBelow } from './markdown.ts';

test('the docs and .env.example name every setting as the schema has it', async () => {
  expect(await readPage('docs/configuration.md')).toContain(`\n${settingTable()}\n`);
  expect(await readPage('.env.example')).toBe(envExample());
});

test('the docs list every limit, with its numbers, by what it counts, and which calls', async () => {
  expect(await readPage('docs/how-to/limit-rates.md')).toContain(`\n${limitTable()}\n`);
});

test('the docs list every reason for an error, with its status', async () => {
  const [, ...rows] = tableBelow(await readPage('docs/api.md'), 'Errors');
  const listed = rows.map(([reason = '', status = '']) => [reason.replaceAll('`', ''), Number(status)]);
  expect(Object.fromEntries(listed)).toEqual(STATUS_OF_REASON);
  expect(listed).toHaveLength(Object.keys(STATUS_OF_REASON).length);
});

test('the docs list every procedure, with its path, its level and its success', async () => {
  const [, ...rows] = tableBelow(await readPage('docs/api.md'), 'Procedures');
  const built = restProcedures().map(({ path, meta: { openapi, access, successStatus = 200 } }) =>
    [`\`${path}\``, `\`${openapi.method} ${openapi.path}\``, access, successStatus].join(' | '),
  );
  expect(rows.map((row) => row.join(' | ')).toSorted()).toEqual(built.toSorted());
});
