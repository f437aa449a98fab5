import { memberships, tenants } from '../tables/lobby.ts';

/** The columns of a tenant that its members see, for a select that joins `memberships`. */
export const tenantColumns = {
  id: tenants.id,
  slug: tenants.slug,
  name: tenants.name,
  status: tenants.status,
  role: memberships.role,
};
