import type { ProductKind } from '../../db/outbox/product/kinds.ts';
import type { Starts } from '../outbox/queued-row.ts';

/** How each of the product's kinds of outbox rows is started. */
export const PRODUCT_STARTS: Starts<ProductKind> = {};
