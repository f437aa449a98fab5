import { randomBytes } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { blocksOf, readPage, type Block } from './markdown.ts';
import { openPlayground } from './playground.ts';

const place = inject('stack');
const PAGES = ['README.md', 'docs/getting-started.md'];
/** dev-command.test.ts runs this command in a clone of its own. */
const DEV_COMMAND = 'npx --yes bun@1.4.5 run dev\n';
const RUN = new Set(['sh', 'ts']);
const ANSWERS = new Set(['json', 'text']);

interface Step {
  block: Block;
  /** The block right below, with the answer of the command. */
  answer: Block | undefined;
}

/** @returns the commands and programs of a page, each with its answer */
function stepsOf(markdown: string): Step[] {
  const blocks = blocksOf(markdown);
  return blocks.flatMap((block, index) => {
    const next = blocks[index + 1];
    if (!RUN.has(block.language) || block.code === DEV_COMMAND) return [];
    return [{ block, answer: next && ANSWERS.has(next.language) ? next : undefined }];
  });
}

/** Makes the names on a page unique to this run, and replaces the server's address by that of the tests' stack. */
function localized(markdown: string): string {
  const suffix = randomBytes(5).toString('hex');
  return markdown
    .replaceAll('http://localhost:3000', place.url)
    .replaceAll(/\b([a-z]+)@example\.com\b/g, `$1-${suffix}@example.com`)
    .replaceAll(/\b(acme|harbor|meadow)\b/g, `$1-${suffix}`);
}

/** Replaces what differs between two runs by placeholders: ids, times, tokens, and the progress of provisioning. */
function alike(value: unknown, key?: string): unknown {
  if (Array.isArray(value)) return value.map((item) => alike(item));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([name, inner]): [string, unknown] => [name, alike(inner, name)]);
    return { ...Object.fromEntries(entries), ...('role' in value && { status: 'of the tenant' }) };
  }
  if (typeof value !== 'string') return value;
  if (key === 'accessToken' || key === 'refreshToken') return 'a token';
  if (/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(value)) return 'an id';
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? 'a time' : value;
}

test.each(PAGES)(
  'the commands and programs of %s work in order, and print what the page says',
  { timeout: 90_000 },
  async (page) => {
    await using playground = await openPlayground(place);
    const steps = stepsOf(localized(await readPage(page)));
    const { runs, errors } = await playground.run(steps.map(({ block }) => block));

    expect.soft(errors).toBe('');
    for (const [index, { block, answer }] of steps.entries()) {
      const { output, code } = runs[index] ?? { output: '', code: -1 };
      expect.soft(code, block.code).toBe(0);
      if (answer?.language === 'json') {
        expect.soft(alike(JSON.parse(output)), block.code).toEqual(alike(JSON.parse(answer.code)));
      } else {
        expect.soft(output, block.code).toBe(answer?.code.trim() ?? '');
      }
    }
  },
);

test.each(PAGES)('each command and answer of %s is covered by the tests', async (page) => {
  const blocks = blocksOf(await readPage(page));
  const known = new Set([...RUN, ...ANSWERS, 'mermaid']);
  expect(blocks.map(({ language }) => language).filter((language) => !known.has(language))).toEqual([]);
  expect(blocks.filter(({ code }) => code === DEV_COMMAND)).toHaveLength(1);

  const answered = blocks.filter(
    ({ language }, index) => language === 'json' && !RUN.has(blocks[index - 1]?.language ?? ''),
  );
  expect(answered).toEqual([]);
});
