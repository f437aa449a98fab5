import { createSpawn } from '../dev/child.ts';
import { findRedis } from '../dev/redis-binary.ts';
import { startRedis } from '../dev/redis.ts';
import { CACHE_DIR } from '../dev/stack.ts';
import type { Stack } from '../dev/types.ts';
import { found, type Founder } from './founder.ts';
import { generateLoad, type Subject } from './generate-load.ts';
import type { Goal } from './goal.ts';
import type { Comparison } from './report.ts';
import { startAtrium, type Place, type Running } from './servers.ts';
import { spreadOf, spreadOfRatios } from './statistics.ts';
import { GUARDS, isGuard, type Guard } from './without/guards.ts';

/** How long a turn of each server takes, and the first turn, which is not counted, in ms. */
const DURATION = { turn: 500, warmUp: 3_000 } as const;
/** All guards together should cost less than a quarter. Single guards have no goal. */
const WHOLE: Goal = { atLeast: 0.75 };

/** One call that is measured. */
interface Scene {
  name: string;
  connections: number;
  call: (url: string, founder: Founder) => Subject;
  /** The guards to take out, one at a time. The server without any of them is measured too. */
  without: readonly Guard[];
}

const ALL = Object.keys(GUARDS).filter(isGuard);
const SCENES: readonly Scene[] = [
  {
    name: 'projects.get',
    connections: 16,
    call: (url, founder) =>
      callOf(
        `${url}/trpc/projects.get?input=${encodeURIComponent(JSON.stringify({ id: founder.projectId }))}`,
        founder,
      ),
    // A read leaves no audit row.
    without: ALL.filter((guard) => guard !== 'audit'),
  },
  {
    name: 'projects.update',
    // More connections would wait for the one row that they all change.
    connections: 1,
    call: (url, founder) => ({
      ...callOf(`${url}/trpc/projects.update`, founder),
      body: JSON.stringify({ id: founder.projectId, description: 'changed' }),
    }),
    without: ['audit'],
  },
];

/**
 * Measures the cost of the guards around the procedures. The complete server has its limits in Redis, its log in a file, and
 * sends traces to a collector. It is compared with the same server without all guards, and without each single guard.
 */
export async function compareEdges(options: {
  place: Place;
  stack: Stack;
  rounds: number;
  log: (line: string) => void;
}): Promise<Comparison[]> {
  const { place, stack, rounds, log } = options;
  const founder = await found(stack.url, stack.mailDir);
  const spawn = createSpawn();
  const executable = await findRedis({ spawn, env: stack.env, cacheDir: CACHE_DIR, log, signal: undefined });
  await using redis = await startRedis({ spawn, executable, env: stack.env });
  const collector = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => Response.json({}) });
  const env = {
    RATE_LIMIT_URL: `redis://127.0.0.1:${redis.port}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}`,
  };

  const whole = await startAtrium(place, stack, { name: 'with the edge', env });
  const comparisons: Comparison[] = [];
  for (const scene of SCENES) {
    for (const [name, without] of [['it', ALL] as const, ...scene.without.map((guard) => [guard, [guard]] as const)]) {
      const partly = await startAtrium(place, stack, { name: `without ${name}`, without, env });
      const rate = async ({ url }: Running, milliseconds: number): Promise<number> => {
        const { calls, seconds } = await generateLoad(
          place.bun,
          scene.call(url, founder),
          scene.connections,
          milliseconds,
        );
        return calls / seconds;
      };
      const rates = await takeTurns({ whole, partly, rounds, rate });
      const title = `${scene.name}, the edge ÷ without ${name}`;
      const ratio = spreadOfRatios(rates.whole, rates.partly);
      log(`${title}: ${ratio.median.toFixed(2)}`);
      comparisons.push({
        name: title,
        unit: 'calls/s',
        ours: spreadOf(rates.whole),
        other: spreadOf(rates.partly),
        ratio,
        ...(name === 'it' && { goal: WHOLE }),
      });
      await partly.child.stop(['SIGKILL', 2_000]);
    }
  }
  await whole.child.stop(['SIGKILL', 2_000]);
  await collector.stop(true);
  return comparisons;
}

/** Puts load on two servers in turns: A B, B A, A B, … @returns the calls per second of each, by round */
async function takeTurns(options: {
  whole: Running;
  partly: Running;
  rounds: number;
  rate: (server: Running, milliseconds: number) => Promise<number>;
}): Promise<Record<'whole' | 'partly', number[]>> {
  const { rounds, rate } = options;
  const rates = { whole: new Array<number>(), partly: new Array<number>() };
  for (const which of ['whole', 'partly'] as const) await rate(options[which], DURATION.warmUp);
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['whole', 'partly'] as const) : (['partly', 'whole'] as const);
    for (const which of order) rates[which].push(await rate(options[which], DURATION.turn));
  }
  return rates;
}

function callOf(url: string, { accessToken, slug }: Founder): Subject {
  return { url, headers: { Authorization: `Bearer ${accessToken}`, 'X-Tenant-Slug': slug, 'User-Agent': 'bench' } };
}
