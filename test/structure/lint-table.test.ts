import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { oxlintConfig } from '../../dev/lint/config.ts';

test('.oxlintrc.json is what `bun run lint:layers` writes from the table in dev/lint/layers.ts', async () => {
  const written: unknown = JSON.parse(await readFile(new URL('../../.oxlintrc.json', import.meta.url), 'utf8'));
  expect(written).toEqual(oxlintConfig());
});
