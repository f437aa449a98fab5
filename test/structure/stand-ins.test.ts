import { expect, test } from 'vitest';
import { GUARDS } from '../../bench/without/guards.ts';

const PAIRS = Object.values(GUARDS).flatMap((modules) => Object.entries(modules));

test.each(PAIRS)("the bench's replacement of %s has every export that is imported from it", async (module, standIn) => {
  expect(await exportsOf(`bench/without/${standIn}`)).toEqual(expect.arrayContaining(await exportsOf(module)));
});

async function exportsOf(module: string): Promise<string[]> {
  // oxlint-disable-next-line import/no-dynamic-require -- the test loads every module of the list
  const loaded: unknown = await import(new URL(`../../${module}`, import.meta.url).href);
  return typeof loaded === 'object' && loaded !== null ? Object.keys(loaded) : [];
}
