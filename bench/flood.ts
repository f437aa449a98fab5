import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../dev/types.ts';
import { createCaller, type Answer, type Caller } from './caller.ts';
import { gather } from './crowd.ts';
import { found, signUp } from './founder.ts';
import type { Goal } from './goal.ts';
import { residentMemory, watchMemory } from './memory.ts';
import { startProbe, type Probes } from './probes.ts';
import type { Figure } from './report.ts';
import type { Place, Running } from './servers.ts';
import { spreadOf } from './statistics.ts';

/** The number of simultaneous logins. */
const LOGINS = 200;
/** The intervals at which /livez is called and the memory is read, in ms. */
const EVERY = { probe: 10, memory: 10 } as const;
/** How long /livez is called before the flood, and how long the server may free memory after it, in ms. */
const CALM_MS = 1_000;

interface Seen {
  /** The latency of /livez in ms: `calm` is the median before the flood; `median` and `worst` are during it. */
  calm: number;
  median: number;
  worst: number;
  /** The largest delay of a probe during the flood, in ms. It shows how busy the machine was. */
  late: number;
  served: number;
  refused: number;
  /** The server's resident memory, in MiB. */
  before: number | undefined;
  peak: number | undefined;
  after: number | undefined;
}

/**
 * Sends many logins at once, half of them with a wrong password, and calls /livez meanwhile. The server must serve as many
 * as it can, answer the others with Retry-After, and keep answering other requests.
 */
export async function measureFlood(options: {
  place: Place;
  stack: Stack;
  atrium: Running;
  rounds: number;
  log: (line: string) => void;
}): Promise<Figure[]> {
  const { place, stack, atrium, rounds, log } = options;
  const { slug } = await found(stack.url, stack.mailDir);
  const { accounts } = await gather({ ownerUrl: stack.databaseOwnerUrl, slug, count: LOGINS });
  const call = createCaller(atrium.url, 2);
  const seen: Seen[] = [];
  for (let round = 1; round <= rounds; round++) {
    const one = await flood(place.bun, atrium, call, accounts);
    seen.push(one);
    log(
      `flood, round ${round} of ${rounds}: ${one.served} served, ${one.refused} refused; ` +
        `/livez ${one.median.toFixed(1)} ms, at worst ${one.worst.toFixed(1)} ms, asked at most ${one.late.toFixed(1)} ms late`,
    );
  }

  const figure = (name: string, unit: Figure['unit'], of: (one: Seen) => number | undefined, goal?: Goal): Figure[] => {
    const values = seen.map(of).filter((value) => value !== undefined);
    return values.length === 0 ? [] : [{ name, unit, values: spreadOf(values), ...(goal && { goal }) }];
  };
  if (seen.some(({ peak }) => peak === undefined)) log("flood: the server's memory can't be read on this system");
  return [
    ...figure('/livez before the flood, median', 'ms', ({ calm }) => calm),
    ...figure('/livez in the flood, median', 'ms', ({ median }) => median),
    ...figure('/livez in the flood, worst', 'ms', ({ worst }) => worst, { atMost: 100 }),
    ...figure('the one who asks was late by, at worst', 'ms', ({ late }) => late),
    ...figure(`of ${LOGINS} logins at once: served`, 'logins', ({ served }) => served),
    ...figure(`of ${LOGINS} logins at once: told to come back`, 'logins', ({ refused }) => refused),
    ...figure("the server's memory before", 'MiB', ({ before }) => before),
    ...figure("the server's memory at its peak", 'MiB', ({ peak }) => peak),
    ...figure("the server's memory after", 'MiB', ({ after }) => after),
  ];
}

async function flood(bun: string, { url, child }: Running, call: Caller, accounts: readonly string[]): Promise<Seen> {
  const before = residentMemory(child.pid);
  const endProbe = startProbe(bun, `${url}/livez`, EVERY.probe);
  await sleep(CALM_MS);
  const endWatch = watchMemory(child.pid, EVERY.memory);

  const start = Date.now();
  const served = await Promise.all(
    accounts.map(async (email, index) => {
      const { password } = signUp();
      const right = index % 2 === 0;
      const answer = await call('/auth/login', { email, password: right ? password : `not-${password}` });
      return isServed(answer, right ? 200 : 401);
    }),
  );
  const end = Date.now();

  const peak = endWatch();
  const probes = await endProbe();
  await sleep(CALM_MS);
  const after = residentMemory(child.pid);
  const between = (from: number, to: number) => probes.filter(({ at }) => from <= at && at <= to);
  const latency = (of: Probes) => spreadOf(of.map(({ milliseconds }) => milliseconds));
  const asked = between(start, end);
  const during = latency(asked);
  return {
    // The first half of this time is the warm-up of the probe.
    calm: latency(between(start - CALM_MS / 2, start - 1)).median,
    median: during.median,
    worst: during.max,
    late: spreadOf(asked.map(({ late }) => late)).max,
    served: served.filter((is) => is).length,
    refused: served.filter((is) => !is).length,
    before,
    peak,
    after,
  };
}

/** @returns whether the login was served. @throws Error if it was neither served nor refused with Retry-After */
function isServed({ status, reason, retryAfter }: Answer, expected: number): boolean {
  if (status === expected) return true;
  if (status === 503 && reason === 'OVERLOADED' && /^[1-9]\d*$/.test(retryAfter ?? '')) return false;
  throw new Error(`A login answered ${status} ${String(reason)}, Retry-After: ${retryAfter ?? 'none'}`);
}
