import { z } from 'zod';

/** What the load generator saw and prints. */
export const loadResult = z.object({
  calls: z.number(),
  seconds: z.number(),
  /** Answers other than 200, or of another length than the first. */
  failures: z.number(),
  /** Of one call, in ms. */
  p50: z.number(),
  p99: z.number(),
});

export type LoadResult = z.infer<typeof loadResult>;
