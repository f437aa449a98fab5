import type { SecretKeys } from '../../core/keys.ts';
import type { Mailer } from '../../core/mail.ts';
import type { Owner } from '../../db/owner.ts';
import { createAuditActivities } from './audit.ts';
import { createMailActivities } from './mail.ts';
import { createProvisioningActivities } from './provisioning.ts';
import { createReapingActivities } from './reaping.ts';

/** All that the worker can do, over the handles it is given. */
export function createActivities(deps: {
  owner: Owner;
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
