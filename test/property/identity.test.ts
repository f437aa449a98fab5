import { assert, asyncProperty } from 'fast-check';
import { afterAll, beforeAll, inject, test } from 'vitest';
import { busyHistory, quietHistory } from './actions.ts';
import { liveThrough } from './history.ts';
import { buildStage, type Stage } from './world.ts';

/**
 * The histories are the same in every run. To look further, write another number here. A failure prints its seed, the
 * shortest history that it found to fail as well and, as the cause, what was done in it and what was wrong then.
 */
const SEED = 2;
/** In ms. A failing history is lived through again and again to make it shorter, which ends before the test does. */
const TIME = { test: 120_000, search: 90_000 };
const settings = { seed: SEED, numRuns: 20, interruptAfterTimeLimit: TIME.search };

let stage: Stage;

beforeAll(async () => {
  stage = await buildStage(inject('stack'));
});
afterAll(() => stage[Symbol.asyncDispose]());

test('in any sequence of actions exactly those get in whom the model admits', { timeout: TIME.test }, () => {
  return assert(
    asyncProperty(quietHistory, (wishes) =>
      liveThrough(
        stage,
        wishes.map((one) => [one]),
      ),
    ),
    settings,
  );
});

test('any simultaneous actions have the result of some sequence of them', { timeout: TIME.test }, () => {
  return assert(
    asyncProperty(busyHistory, (batches) => liveThrough(stage, batches)),
    settings,
  );
});
