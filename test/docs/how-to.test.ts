import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openGround } from './ground.ts';
import { allPages, readPage } from './markdown.ts';
import { HOW_TO_ADD, stepsOf, UnclearPageError } from './steps.ts';
import { follow } from './walk.ts';

/** The timeout for a page on a very busy machine, in ms. A page takes a minute or two on an idle one. */
const PAGE_MS = 600_000;
/** The timeout for `bun run test` on the result of the pages, in ms. */
const WHOLE_MS = 3_600_000;

const stack = inject('stack');
/** `whole` runs the whole test command at the end. In that run the value is `never`, which skips these tests. */
const walk = stack.env['WALK'];

test('each block and each instruction of the how-to pages is covered by the tests', async () => {
  expect((await allPages()).filter((page) => page.startsWith('docs/how-to/add-')).toSorted()).toEqual(
    HOW_TO_ADD.toSorted(),
  );
  for (const page of HOW_TO_ADD) {
    const commands = stepsOf(await readPage(page)).flatMap((step) => (step.kind === 'run' ? step.commands : []));
    const checks = ['format', 'types', 'lint', 'knip'].map((check) => `bun run ${check}`);
    expect(commands.slice(-5)).toEqual([...checks, expect.stringMatching(/^bun run test test\//)]);
  }
  const block = '```ts\nconst a = 1;\n```\n';
  // Code that contains backticks keeps them.
  expect(stepsOf('In `a.md`, replace `none` by `` `b` ``.')).toMatchObject([{ old: 'none', by: '`b`' }]);
  for (const unclear of [
    block,
    `Add it:\n\n${block}`,
    `In \`a.ts\`, add:\n\n${block}`,
    'In `a.ts`, add `b` somewhere.',
  ]) {
    expect(() => stepsOf(unclear)).toThrow(UnclearPageError);
  }
});

let ground: Awaited<ReturnType<typeof openGround>>;
beforeAll(async () => {
  if (walk !== 'never') ground = await openGround(stack);
}, PAGE_MS);
afterAll(() => ground?.[Symbol.asyncDispose](), PAGE_MS);

test.skipIf(walk === 'never').for(HOW_TO_ADD)(
  'whoever follows %s word for word finds that types, lint, dead code and the tests that it names pass',
  { timeout: PAGE_MS },
  async (page, { signal }) => {
    const steps = stepsOf(await readPage(page));
    expect(await follow(steps, { ...ground, signal })).toBe(steps.length);
  },
);

// Defined only with `whole`, so that the ordinary run reports no skipped test.
if (walk === 'whole') {
  test(
    'the whole test command passes on the clone that the how-to pages changed',
    { timeout: WHOLE_MS },
    async ({ signal }) => {
      const env = { ...ground.env, WALK: 'never' };
      const commands = ['rm .local/dev.env', 'bun run test'];
      const whole = { ...ground, env, timeoutMs: WHOLE_MS, signal };
      expect(await follow([{ kind: 'run', commands, fails: false }], whole)).toBe(1);
    },
  );
}
