import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import type { Stack } from '../dev/types.ts';
import { signUp } from './founder.ts';
import { createSchemaMaker } from './psql.ts';
import type { Comparison, Part } from './report.ts';
import type { Place, Running } from './servers.ts';
import { spreadOf, spreadOfRatios } from './statistics.ts';

/** `look`: how often the tenant's row is read; `settle`: the pause before each round. In ms. */
const PAUSE = { look: 1, settle: 200 } as const;
const DEADLINE_MS = 30_000;
/** The number of warm-up rounds, which are not counted. */
const WARM_UP = 3;

/** When each state was first seen, in ms since the request was sent. */
interface SignUpTimes {
  answered: number;
  /** The tenant's row existed. */
  committed: number;
  /** The workflow had begun its first step. */
  firstStep: number;
  ready: number;
}

/**
 * Compares a sign-up, from the POST until the tenant is ready, with psql creating the same role and schema from a file, in
 * turns. Progress is read from the tenant's row on a separate connection.
 */
export async function compareReady(options: {
  place: Place;
  stack: Stack;
  atrium: Running;
  rounds: number;
  log: (line: string) => void;
}): Promise<{ comparison: Comparison; parts: Part[] }> {
  const { place, stack, atrium, rounds, log } = options;
  const schemas = createSchemaMaker({ ownerUrl: stack.databaseOwnerUrl, ...place });
  const sql = postgres(stack.databaseOwnerUrl, { max: 1, fetch_types: false });
  const times: SignUpTimes[] = [];
  const others: number[] = [];
  try {
    for (let round = 1 - WARM_UP; round <= rounds; round++) {
      await sleep(PAUSE.settle);
      const ours = await timeSignUp(atrium.url, sql, round + WARM_UP);
      await sleep(PAUSE.settle);
      const other = await schemas.make();
      if (round < 1) continue;
      times.push(ours);
      others.push(other);
      log(`sign-up, round ${round} of ${rounds}: ${ours.ready.toFixed(0)} ms against ${other.toFixed(0)} ms`);
    }
  } finally {
    await sql.end();
  }

  const totals = times.map(({ ready }) => ready);
  const part = (name: string, of: (time: SignUpTimes) => number): Part => ({
    name,
    milliseconds: spreadOf(times.map(of)),
  });
  return {
    comparison: {
      name: `sign-up to ready ÷ ${schemas.program}`,
      unit: 'ms',
      ours: spreadOf(totals),
      other: spreadOf(others),
      ratio: spreadOfRatios(totals, others),
      goal: { atMost: 2 },
    },
    parts: [
      part('sign-up: until register answered', ({ answered }) => answered),
      part('sign-up: from its commit to the first step', ({ committed, firstStep }) => firstStep - committed),
      part('sign-up: from the first step to ready', ({ firstStep, ready }) => ready - firstStep),
    ],
  };
}

async function timeSignUp(url: string, sql: postgres.Sql, number: number): Promise<SignUpTimes> {
  const wish = signUp();
  const start = performance.now();
  const since = (): number => performance.now() - start;
  const answering = fetch(`${url}/api/v1/auth/register`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      // A new client address each time, because sign-ups per address are limited.
      'x-forwarded-for': `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
    },
    body: JSON.stringify(wish),
  }).then(async (response) => {
    if (response.status !== 202) throw new Error(`The sign-up was refused: ${await response.text()}`);
    return since();
  });

  const seen: Partial<SignUpTimes> = {};
  const watch = async (): Promise<number> => {
    for (;;) {
      const [row] = await sql<{ status: string; step: string | null }[]>`
        select status, provisioning_step as step from public.tenants where slug = ${wish.tenantSlug}`;
      const now = since();
      if (row) seen.committed ??= now;
      if (row?.step) seen.firstStep ??= now;
      if (row?.status === 'ready') return now;
      if (row?.status === 'failed' || now > DEADLINE_MS) throw new Error('The tenant did not become ready');
      await sleep(PAUSE.look);
    }
  };
  const [answered, ready] = await Promise.all([answering, watch()]);
  // A step may begin and end between two reads.
  const { committed = ready, firstStep = ready } = seen;
  return { answered, committed, firstStep, ready };
}
