import { z } from 'zod';

/** The result that the load generator prints. */
export const loadResult = z.object({
  calls: z.number(),
  seconds: z.number(),
  /** The number of answers that were not 200 or had another length than the first. */
  failures: z.number(),
  /** Percentiles of the latency of a call, in ms. */
  p50: z.number(),
  p99: z.number(),
});

export type LoadResult = z.infer<typeof loadResult>;
