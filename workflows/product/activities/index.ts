import type { Mailer } from '../../../core/mail/mailer.ts';
import type { InTenant } from '../../../db/entering/owner/in-tenant.ts';

/** What the product's activities work with. */
export interface ProductHandles {
  /** The way into a tenant. */
  inTenant: InTenant;
  mailer: Mailer;
  /** Where the links in mail lead. */
  appUrl: string;
}

/** The product's activities, by their names in Temporal. A name of Atrium's does not compile. */
export function createProductActivities(_handles: ProductHandles) {
  return {};
}
