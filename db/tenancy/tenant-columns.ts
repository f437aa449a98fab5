import { memberships, tenants } from '../tables/lobby.ts';

/** What a user sees of a tenant of theirs, for a select that joins `memberships`. */
export const tenantColumns = {
  id: tenants.id,
  slug: tenants.slug,
  name: tenants.name,
  status: tenants.status,
  role: memberships.role,
};
