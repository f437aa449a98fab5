import type { NoneOf } from '../../core/none-of.ts';
import type { SecretKeys } from '../../core/secret-keys.ts';
import type { Mailer } from '../../core/mail/mailer.ts';
import type { InTenant } from '../../db/entering/owner/in-tenant.ts';
import type { Owner } from '../../db/connection/owner/connect.ts';
import { createProductActivities } from '../product/activities/index.ts';
import { createAuditActivities } from './audit/tend-log.ts';
import { createMailActivities } from './mail/send.ts';
import { createProvisioningActivities } from './tenancy/provision.ts';
import { createReapingActivities } from './identity/reap.ts';

/**
 * All that the worker can do, over the handles it is given.
 * @param deps.owner for the activities of the platform alone, which `dev/lint/rooms.ts` names
 * @param deps.inTenant for all others: the way into a tenant
 */
export function createActivities(deps: {
  owner: Owner;
  inTenant: InTenant;
  mailer: Mailer;
  secretKeys: SecretKeys;
  appUrl: string;
  auditRetentionDays: number;
}) {
  const { inTenant, mailer, appUrl } = deps;
  const atrium = {
    ...createProvisioningActivities(deps),
    ...createMailActivities(deps),
    ...createReapingActivities(deps),
    ...createAuditActivities(deps),
  };
  // Without the owner: the product works in tenants alone.
  const product = createProductActivities({ inTenant, mailer, appUrl });
  return { ...atrium, ...(product satisfies NoneOf<typeof atrium>) };
}
