import type { SecretKeys } from '../../core/keys.ts';
import type { Mailer } from '../../core/mail.ts';
import type { InTenant } from '../../db/in-tenant.ts';
import type { Owner } from '../../db/owner.ts';
import { createAuditActivities } from './audit.ts';
import { createMailActivities } from './mail.ts';
import { createProvisioningActivities } from './provisioning.ts';
import { createReapingActivities } from './reaping.ts';

/**
 * All that the worker can do, over the handles it is given.
 * @param deps.owner for the activities of the platform alone, which `.oxlintrc.json` names
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
  return {
    ...createProvisioningActivities(deps),
    ...createMailActivities(deps),
    ...createReapingActivities(deps),
    ...createAuditActivities(deps),
  };
}
