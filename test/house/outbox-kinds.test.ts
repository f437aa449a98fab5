import { execFile } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeClone } from '../docs/clone.ts';
import { ROOT } from '../docs/markdown.ts';

test('a kind of outbox row that no worker starts does not compile, and the compiler names the place that lacks it', async () => {
  await using clone = await makeClone();
  await symlink(join(ROOT, 'node_modules'), join(clone.folder, 'node_modules'));
  const file = join(clone.folder, 'db/outbox/enqueue.ts');
  const text = await readFile(file, 'utf8');
  const planted = text.replace(
    'export const OUTBOX_PAYLOADS = {',
    "export const OUTBOX_PAYLOADS = {\n  'user.welcome': z.strictObject({ userId: z.uuid() }),",
  );
  expect(planted).not.toBe(text);
  await writeFile(file, planted);
  await writeFile(
    join(clone.folder, 'tsconfig.worker.json'),
    JSON.stringify({ extends: './tsconfig.json', include: ['workflows/worker.ts'] }),
  );
  const errors = (await compile(clone.folder)).split('\n').filter((line) => line.includes('error TS'));
  expect(errors).toEqual([expect.stringMatching(/^workflows\/outbox\/starts\.ts.*'"?user\.welcome"?'/)]);
});

function compile(cwd: string): Promise<string> {
  const program = join(ROOT, 'node_modules/typescript/bin/tsc');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, '--project', 'tsconfig.worker.json', '--pretty', 'false'],
      { cwd },
      (_, stdout) => resolve(stdout),
    );
  });
}
