import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createSpawn, run } from '../../dev/child.ts';
import { withoutSettings } from '../../dev/environment.ts';
import { makeClone, type Clone } from './clone.ts';
import { LATER_ATRIUM } from './later-atrium.ts';
import { readPage, ROOT } from './markdown.ts';
import { HOW_TO_ADD, stepsOf } from './steps.ts';
import { follow, type Ground } from './walk.ts';

/** The timeout for all commands on a busy machine, in ms. They take about half a minute on an idle one. */
const COMMANDS_MS = 300_000;

/** Whether the pages were already followed in this clone. They cannot be followed twice. */
const walked = inject('stack').env['WALK'] === 'never';
const spawn = createSpawn();
let clone: Clone;
let ground: Ground;

// Two branches of one clone: a product that was made with the pages, and a later Atrium.
beforeAll(async () => {
  if (walked) return;
  clone = await makeClone();
  const { folder } = clone;
  ground = { folder, env: withoutSettings(inject('stack').env), timeoutMs: COMMANDS_MS };
  await git('init --quiet --initial-branch=atrium');
  await git('config user.name Team');
  await git('config user.email team@example.com');
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, '.git/info/exclude'), 'node_modules\n');
  await commit('The version that the team has cloned');
  await git('switch --quiet --create product');
  for (const page of HOW_TO_ADD) {
    // how-to.test.ts runs the checks of the pages; here only the files are needed.
    const steps = stepsOf(await readPage(page)).filter((step) => step.kind !== 'run' || generates(step.commands));
    await follow(steps, ground);
  }
  await commit('Add tasks, and announce projects');
  await git('switch --quiet atrium');
  await follow(LATER_ATRIUM, ground);
  await commit('A later version');
  await git('switch --quiet product');
}, COMMANDS_MS);
afterAll(() => clone?.[Symbol.asyncDispose]());

test.skipIf(walked)(
  'a team that follows the how-to pages changes and adds nothing outside its own folders',
  async () => {
    const changed = (await git('diff --name-only atrium~1 product')).split('\n').filter((file) => file !== '');
    expect(changed.length).toBeGreaterThan(10);
    expect(changed.filter((file) => !file.includes('/product/'))).toEqual([]);
  },
);

test.skipIf(walked)(
  'a later Atrium merges into a product without a conflict, and what comes out compiles, lints, has the procedures and migrations of both, and runs',
  { timeout: 3 * COMMANDS_MS },
  async () => {
    await git('merge --quiet --no-edit atrium');
    for (const set of ['', '--atrium ']) await sh(`bun run db:generate ${set}nothing-is-left-to-do`);
    expect(await git('status --porcelain')).toBe('');
    const procedures = await sh(
      `node --import tsx --input-type=module --eval "
        import { appRouter } from './routers/index.ts';
        console.log(Object.keys(appRouter._def.procedures).join('\\n'));"`,
    );
    expect(procedures.split('\n')).toEqual(
      expect.arrayContaining(['users.me', 'projects.create', 'tasks.create', 'notices.list']),
    );
    await sh('node node_modules/typescript/bin/tsc --noEmit');
    await sh('node node_modules/oxlint/bin/oxlint --type-aware --deny-warnings');
    // The tests start a stack of the merge: a tenant gets the tables of both, and the product's procedures work.
    await sh('node node_modules/vitest/vitest.mjs run test/db/schema-drift.test.ts test/product/tasks.test.ts');
  },
);

const generates = (commands: readonly string[]): boolean =>
  commands.every((command) => command.startsWith('bun run db:generate'));

async function commit(message: string): Promise<void> {
  await git('add --all');
  await git(`commit --quiet --message '${message}'`);
}

async function git(command: string): Promise<string> {
  return await sh(`git ${command}`);
}

/** Runs a shell command. @throws Error with its output if it fails */
async function sh(command: string): Promise<string> {
  const { folder: cwd, env, timeoutMs } = ground;
  const { code, output } = await run(spawn, ['bash', '-c', command], { cwd, env, timeoutMs });
  if (code !== 0) throw new Error(`${command}\nended with ${code ?? 'a signal'}:\n${output}`);
  return output;
}
