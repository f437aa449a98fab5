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
  /** How often it measures if nobody says otherwise. */
  rounds: number;
  /** Gives what it adds to the report. */
  measure(options: {
    place: Place;
    stack: Stack;
    atrium: Running;
    rounds: number;
    log: (line: string) => void;
  }): Promise<Partial<Report>>;
}

/** In the order in which they are run. */
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
  // The last: it ends the worker.
  { name: 'login', rounds: 200, measure: async (options) => ({ comparisons: await compareLogins(options) }) },
];
