import type { Cost } from '../../../core/rate-limit/index.ts';

/** What the product's kinds of outbox rows hold: ids and names only. A kind of Atrium's does not compile. */
export const PRODUCT_PAYLOADS = {};

export type ProductKind = keyof typeof PRODUCT_PAYLOADS;

/** What each of them costs; `null` for work that a caller can not cause at will. */
export const PRODUCT_COSTS: Readonly<Record<ProductKind, Cost | null>> = {};
