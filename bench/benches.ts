import type { Stack } from '../dev/types.ts';
import { compareEdges } from './edge.ts';
import { measureFlood } from './flood.ts';
import { compareGet } from './get.ts';
import { compareLogins } from './login.ts';
import { compareReady } from './ready.ts';
import type { Report } from './report.ts';
import type { Place, Running } from './servers.ts';

/** One of the measurements. */
export interface Bench {
  name: string;
  /** The default number of rounds. */
  rounds: number;
  /** @returns the part of the report that this measurement adds */
  measure(options: {
    place: Place;
    stack: Stack;
    atrium: Running;
    rounds: number;
    log: (line: string) => void;
  }): Promise<Partial<Report>>;
}

/** All measurements, in the order of their run. */
export const BENCHES: readonly Bench[] = [
  { name: 'get', rounds: 7, measure: async (options) => ({ comparisons: await compareGet(options) }) },
  { name: 'edge', rounds: 31, measure: async (options) => ({ comparisons: await compareEdges(options) }) },
  {
    name: 'ready',
    rounds: 15,
    async measure(options) {
      const { comparison, parts } = await compareReady(options);
      return { comparisons: [comparison], parts };
    },
  },
  { name: 'flood', rounds: 5, measure: async (options) => ({ figures: await measureFlood(options) }) },
  // It must be the last, because it stops the worker.
  { name: 'login', rounds: 200, measure: async (options) => ({ comparisons: await compareLogins(options) }) },
];
