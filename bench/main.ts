import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createSpawn } from '../dev/child.ts';
import { StackError } from '../dev/error.ts';
import { onInterrupt } from '../dev/interrupt.ts';
import { startStack } from '../dev/stack.ts';
import { BENCHES, type Bench } from './benches.ts';
import { toText, type Report } from './report.ts';
import { startAtrium } from './servers.ts';

const HELP = `Usage: bun run bench [--only get|edge|ready|flood|login] [--rounds N] [--fast] [--json]

Measures Atrium beside what one would write by hand for the same work, and beside itself, in turns, on a stack of its
own that is gone afterwards, and prints the ratios. It takes some eight minutes; whatever else the machine does
meanwhile shows.

  --only get    projects.get through tRPC ÷ a hand-written handler: calls a second
  --only edge   projects.get and update with limits, audit, logs and traces ÷ without: calls a second
  --only ready  sign-up to a ready tenant ÷ psql making the same schema: time
  --only flood  200 logins at once: how long /livez takes, how many are served, and the server's memory
  --only login  login, resend-verification, password-reset and register, an unknown address ÷ a known one: time
  --rounds N    how often each is measured, 5 at least (get: 7, edge: 31, ready: 15, flood: 5, login: 200)
  --fast        PostgreSQL without fsync, Temporal's histories in memory
  --json        print the result as JSON
  --help        print this`;

const LEAST_ROUNDS = 5;

async function main(): Promise<number> {
  const { only, rounds, fast, json, help } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      fast: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;
  if (help) {
    console.log(HELP);
    return 0;
  }
  const wanted = rounds === undefined ? undefined : Number(rounds);
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted >= LEAST_ROUNDS)) {
    throw new StackError(`--rounds takes a number from ${LEAST_ROUNDS} up`);
  }
  const benches = BENCHES.filter(({ name }) => only === undefined || name === only);
  if (benches.length === 0) throw new StackError(`--only takes one of ${BENCHES.map(({ name }) => name).join(', ')}`);

  const report = await measure({ benches, roundsOf: (bench) => wanted ?? bench.rounds, fast });
  console.log(json ? JSON.stringify(report, null, 2) : `\n${toText(report)}`);
  return 0;
}

interface MeasureOptions {
  benches: readonly Bench[];
  roundsOf: (bench: Bench) => number;
  fast: boolean;
}

async function measure(options: MeasureOptions): Promise<Report> {
  const { benches, roundsOf, fast } = options;
  const interrupt = onInterrupt({
    first: (cause) => log(`${cause}: stopping everything …`),
    impatient: () => process.exit(130),
  });
  const dataDir = await mkdtemp(join(tmpdir(), 'atrium-bench-'));
  try {
    const stack = await startStack({
      dataDir,
      log,
      port: 0,
      bun: process.execPath,
      env: process.env,
      fast,
      // The bench starts the server itself, as in production.
      parts: ['worker'],
      signal: interrupt,
    });
    try {
      const stopped = Promise.withResolvers<never>();
      interrupt.addEventListener('abort', () => stopped.reject(interrupt.reason));
      void stack.exited.then(({ part, tail }) => stopped.reject(new StackError(`${part} ended by itself`, tail)));
      return await Promise.race([stopped.promise, compare()]);

      async function compare(): Promise<Report> {
        const place = { spawn: createSpawn(), bun: process.execPath, dataDir };
        const atrium = await startAtrium(place, stack);
        const report: Report = { conditions: conditions(options), comparisons: [], parts: [], figures: [] };
        for (const bench of benches) {
          const added = await bench.measure({ place, stack, atrium, rounds: roundsOf(bench), log });
          report.comparisons.push(...(added.comparisons ?? []));
          report.parts.push(...(added.parts ?? []));
          report.figures.push(...(added.figures ?? []));
        }
        await atrium.child.stop(['SIGTERM', 5_000]);
        return report;
      }
    } finally {
      await stack.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

function conditions({ benches, roundsOf, fast }: MeasureOptions): Report['conditions'] {
  return {
    cores: availableParallelism(),
    platform: `${process.platform} ${process.arch}`,
    bun: Bun.version,
    'PostgreSQL and Temporal': fast ? 'without fsync' : 'with fsync',
    rounds: benches.map((bench) => `${bench.name} ${roundsOf(bench)}`).join(' '),
  };
}

/** Progress goes to standard error, because a program may read the result from standard output. */
function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

process.exit(
  await main().catch((error: unknown) => {
    if (error instanceof StackError) for (const line of error.tail) console.error(`  ${line}`);
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }),
);
