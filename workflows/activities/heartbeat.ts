import { heartbeat } from '@temporalio/activity';

/** How often an activity says that it lives, in ms: well within the shortest `heartbeatTimeout` that a workflow sets. */
const BEAT_MS = 2_000;

/**
 * Does the work of an activity, and tells Temporal all the while that it is in hand. What a worker that is gone had, or
 * what got lost on the way to one, is given to another as soon as the `heartbeatTimeout` has passed in silence.
 * @throws whatever the work throws
 */
export async function withBeat<Result>(work: () => Promise<Result>): Promise<Result> {
  const timer = setInterval(heartbeat, BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
