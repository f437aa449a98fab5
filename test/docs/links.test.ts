import { stat } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { allPages, anchorsOf, linksOf, readPage, ROOT } from './markdown.ts';

const pages = await allPages();

async function problemWith(page: string, link: string): Promise<string | undefined> {
  if (/^(https?|mailto):/.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : normalize(join(dirname(page), path));
  const found = await stat(join(ROOT, target)).catch(() => undefined);
  if (!found) return `${link}: there is no ${target}`;
  if (anchor === undefined) return undefined;
  const anchors = anchorsOf(await readPage(target));
  return anchors.includes(anchor) ? undefined : `${link}: ${target} has no heading #${anchor}`;
}

test.each(pages)('every link of %s has a target that exists', async (page) => {
  const links = linksOf(await readPage(page));
  const problems = await Promise.all(links.map((link) => problemWith(page, link)));
  expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
});

test('every page can be reached by links from the README', async () => {
  const reached = new Set(['README.md']);
  for (const page of reached) {
    for (const link of linksOf(await readPage(page))) {
      const target = normalize(join(dirname(page), link.split('#')[0] ?? ''));
      if (pages.includes(target)) reached.add(target);
    }
  }
  expect(pages.filter((page) => !reached.has(page))).toEqual([]);
});
