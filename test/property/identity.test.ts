import { assert, asyncProperty } from 'fast-check';
import { afterAll, beforeAll, inject, test } from 'vitest';
import { busyHistory, quietHistory } from './actions.ts';
import { liveThrough } from './history.ts';
import { buildStage, type Stage } from './world.ts';

/**
 * With the same seed the histories are the same in every run. Change it to try others. A failure prints its seed, the
 * shortest failing history that was found, and as the cause the actions of that history and what was wrong.
 */
const SEED = 2;
/** In ms. `search` limits the search for a shorter failing history, and is below the timeout of the test. */
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
