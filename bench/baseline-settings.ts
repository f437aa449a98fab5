import type { JWK } from 'jose';
import { z } from 'zod';

/** The settings of the hand-written handler, in the file that is its argument. */
export const baselineSettings = z.object({
  port: z.number(),
  databaseUrl: z.string(),
  poolMax: z.number(),
  issuer: z.string(),
  jwks: z.object({ keys: z.array(z.custom<JWK>((key) => typeof key === 'object' && key !== null)) }),
});

export type BaselineSettings = z.input<typeof baselineSettings>;
