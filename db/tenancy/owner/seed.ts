import type { Owner } from '../../connection/owner/connect.ts';
import type { TenantHome } from './provision.ts';

/** What every new tenant starts with. Add your product's first rows here; each must stand being inserted twice. */
const TENANT_SETTINGS = { locale: 'en', timeZone: 'UTC' } as const;

export async function seedTenant(owner: Owner, { schemaName }: TenantHome): Promise<void> {
  const rows = Object.entries(TENANT_SETTINGS).map(([key, value]) => ({ key, value: owner.json(value) }));
  await owner`insert into ${owner(schemaName)}.settings ${owner(rows)} on conflict (key) do nothing`;
}
