import { heartbeat } from '@temporalio/activity';

/** The time between two heartbeats, in ms: much shorter than the shortest `heartbeatTimeout` of a workflow. */
const BEAT_MS = 2_000;

/**
 * Runs the work of an activity and sends heartbeats to Temporal until it ends. If heartbeats stop for `heartbeatTimeout`,
 * because the worker is gone or never got the task, Temporal gives the activity to another worker.
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
