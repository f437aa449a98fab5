import type { ProductKind } from '../../db/outbox/product/kinds.ts';
import type { Starts } from '../outbox/queued-row.ts';

/** How to start the workflow of each kind of outbox row that the product adds. */
export const PRODUCT_STARTS: Starts<ProductKind> = {};
