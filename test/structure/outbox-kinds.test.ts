import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeClone } from '../docs/clone.ts';
import { errorsIn } from './compile.ts';

test('a kind of outbox row that no worker starts does not compile, and the compiler names the place that lacks it', async () => {
  await using clone = await makeClone();
  const file = join(clone.folder, 'db/outbox/enqueue.ts');
  const text = await readFile(file, 'utf8');
  const planted = text.replace(
    'const ATRIUM_PAYLOADS = {',
    "const ATRIUM_PAYLOADS = {\n  'user.welcome': z.strictObject({ userId: z.uuid() }),",
  );
  expect(planted).not.toBe(text);
  await writeFile(file, planted);
  const errors = await errorsIn(clone.folder, ['workflows/worker.ts']);
  expect(errors).toEqual([expect.stringMatching(/^workflows\/outbox\/starts\.ts.*'"?user\.welcome"?'/)]);
});
