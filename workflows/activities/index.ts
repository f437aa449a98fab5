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
 * Creates all activities of the worker.
 * @param deps.owner the owner's connection, for the platform's activities only; `dev/lint/layers.ts` lists them
 * @param deps.inTenant enters a tenant, for all other activities
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
  // The product does not get the owner's connection: it works in tenants only.
  const product = createProductActivities({ inTenant, mailer, appUrl });
  return { ...atrium, ...(product satisfies NoneOf<typeof atrium>) };
}
