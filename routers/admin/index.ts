import { router } from '../procedures/trpc.ts';
import { assumeIdentity } from './assume-identity.ts';
import { assumedIdentities, endAssumedIdentity } from './assumed-identities.ts';
import { audit } from './audit.ts';
import { retryProvisioning } from './tenants.ts';
import { disableUser, enableUser, users } from './users.ts';

export const adminRouter = router({
  retryProvisioning,
  users,
  disableUser,
  enableUser,
  audit,
  assumeIdentity,
  endAssumedIdentity,
  assumedIdentities,
});
