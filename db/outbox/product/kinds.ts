import type { Cost } from '../../../core/rate-limit/index.ts';

/** The payloads of the product's kinds of outbox rows: ids and names only. A kind of Atrium's does not compile. */
export const PRODUCT_PAYLOADS = {};

export type ProductKind = keyof typeof PRODUCT_PAYLOADS;

/** The cost of each kind; `null` for work that callers can't cause at will. */
export const PRODUCT_COSTS: Readonly<Record<ProductKind, Cost | null>> = {};
