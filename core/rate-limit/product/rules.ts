import type { LimitRule } from '../rules.ts';

/** The product's limits. A name of Atrium's does not compile. */
export const PRODUCT_RULES = {} as const satisfies Record<string, LimitRule>;
