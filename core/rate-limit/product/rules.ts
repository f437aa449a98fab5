import type { RateRule } from '../rule-types.ts';

/** The product's limits. A name that Atrium already uses does not compile. */
export const PRODUCT_RULES = {} as const satisfies Record<string, RateRule>;
