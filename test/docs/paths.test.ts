import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { allPages, readPage, ROOT, tableBelow } from './markdown.ts';

/** Pages that tell the reader to create files. how-to.test.ts follows them. */
const MAKES_FILES = /^docs\/how-to\/add-/;
const pages = (await allPages()).filter((page) => !MAKES_FILES.test(page));

/** A path in code that begins with a folder of the project. */
const PATH = /`((?:core|db|workflows|routers|src|client|dev|cli|bench|deploy|docs|test)\/[\w./@-]*)`/g;
/** Folders of the product, which are gone after the example was removed. */
const PRODUCT = /(^|\/)product(\/|$)/;
/** The part of a path that the reader chooses. */
const PLACEHOLDER = 'NAME';

async function isThere(path: string): Promise<boolean> {
  return (await stat(join(ROOT, path)).catch(() => undefined)) !== undefined;
}

async function missing(paths: readonly string[]): Promise<string[]> {
  const there = await Promise.all(paths.map(isThere));
  return paths.filter((_, index) => !there[index]);
}

test.each(pages)('every file and folder that %s names exists', async (page) => {
  const named = Array.from((await readPage(page)).matchAll(PATH), ([, path = '']) => path);
  expect(await missing(named.filter((path) => !PRODUCT.test(path) && !path.includes(PLACEHOLDER)))).toEqual([]);
});

test('the overview names every folder of every layer, and no other', async () => {
  const [[, ...layers] = [], ...rows] = tableBelow(
    await readPage('docs/architecture/overview.md'),
    'Folders by subject',
  );
  expect(layers).toEqual(['`core/`', '`db/`', '`workflows/`', '`routers/`', '`src/`']);
  for (const [index, header] of layers.entries()) {
    const layer = header.replaceAll('`', '');
    const cells = rows.map((row) => row[index + 1] ?? '').join(' ');
    const named = Array.from(cells.matchAll(/`([\w./-]+(?:\/|\.ts))`/g), ([, path = '']) => path);
    expect.soft(await missing(named.map((path) => `${layer}${path}`))).toEqual([]);

    const entries = await readdir(join(ROOT, layer), { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory() && !PRODUCT.test(entry.name));
    const covered = new Set(named.map((path) => path.split('/')[0]));
    expect
      .soft(
        folders.map(({ name }) => name).filter((name) => !covered.has(name)),
        layer,
      )
      .toEqual([]);
  }
});
