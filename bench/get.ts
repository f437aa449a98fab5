import type { Stack } from '../dev/types.ts';
import { found, type Founder } from './founder.ts';
import { generateLoad, type Subject } from './generate-load.ts';
import type { LoadResult } from './load-result.ts';
import type { Comparison } from './report.ts';
import { startBaseline, type Place, type Running } from './servers.ts';
import { spreadOf, spreadOfRatios } from './statistics.ts';

/** The numbers of connections: one to measure latency, and enough to keep the server busy. */
const CONNECTIONS = [1, 16] as const;
/** How long each half of a round takes, and the warm-up, which is not counted, in ms. */
const DURATION = { round: 2_000, warmUp: 4_000 } as const;

/**
 * Compares `projects.get` through tRPC with the hand-written handler of baseline-server.ts, in turns. Both read the same row
 * of the same database, with the same token and the same checks.
 */
export async function compareGet(options: {
  place: Place;
  stack: Stack;
  atrium: Running;
  rounds: number;
  log: (line: string) => void;
}): Promise<Comparison[]> {
  const { place, stack, atrium, rounds, log } = options;
  const founder = await found(stack.url, stack.mailDir);
  const baseline = await startBaseline(place, stack);
  const ours = subject(
    `${atrium.url}/trpc/projects.get?input=${encodeURIComponent(JSON.stringify({ id: founder.projectId }))}`,
    founder,
  );
  const other = subject(`${baseline.url}/projects/${founder.projectId}`, founder);
  await assertSameAnswer(ours, other);

  const run = (target: Subject, connections: number, milliseconds: number): Promise<LoadResult> =>
    generateLoad(place.bun, target, connections, milliseconds);
  await run(ours, 16, DURATION.warmUp);
  await run(other, 16, DURATION.warmUp);

  const comparisons: Comparison[] = [];
  for (const connections of CONNECTIONS) {
    const rates = { ours: new Array<number>(), other: new Array<number>() };
    for (let round = 1; round <= rounds; round++) {
      const a = await run(ours, connections, DURATION.round);
      const b = await run(other, connections, DURATION.round);
      rates.ours.push(a.calls / a.seconds);
      rates.other.push(b.calls / b.seconds);
      log(
        `projects.get, ${connections} at once, round ${round} of ${rounds}: ${rate(a)} against ${rate(b)} calls/s, ` +
          `median ${a.p50.toFixed(2)} against ${b.p50.toFixed(2)} ms`,
      );
    }
    comparisons.push({
      name: `projects.get ÷ hand-written, ${connections} at once`,
      unit: 'calls/s',
      ours: spreadOf(rates.ours),
      other: spreadOf(rates.other),
      ratio: spreadOfRatios(rates.ours, rates.other),
      goal: { atLeast: 0.75 },
    });
  }
  await baseline.child.stop(['SIGTERM', 2_000]);
  return comparisons;
}

function rate({ calls, seconds }: LoadResult): string {
  return (calls / seconds).toFixed(0);
}

function subject(url: string, { accessToken, slug }: Founder): Subject {
  return { url, headers: { Authorization: `Bearer ${accessToken}`, 'X-Tenant-Slug': slug, 'User-Agent': 'bench' } };
}

/** @throws Error if the two answers differ: then the two calls do not do the same work */
async function assertSameAnswer(ours: Subject, other: Subject): Promise<void> {
  const [wrapped, bare] = await Promise.all(
    [ours, other].map(async ({ url, headers }) => {
      const response = await fetch(url, { headers });
      return await response.text();
    }),
  );
  if (wrapped !== `{"result":{"data":${bare}}}`) {
    throw new Error(`The two servers answer differently:\n${wrapped}\n${bare}`);
  }
}
