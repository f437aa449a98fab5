import type { Mailer } from '../../../core/mail/mailer.ts';
import type { InTenant } from '../../../db/entering/owner/in-tenant.ts';

/** The handles that the product's activities get. */
export interface ProductHandles {
  /** Enters a tenant. */
  inTenant: InTenant;
  mailer: Mailer;
  /** The base URL of the links in mails. */
  appUrl: string;
}

/** The product's activities, by their names in Temporal. `workflows/activities/index.ts` does not compile if Atrium has the name. */
export function createProductActivities(_handles: ProductHandles) {
  return {};
}
