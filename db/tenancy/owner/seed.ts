import type { Owner } from '../../connection/owner/connect.ts';
import type { TenantHome } from './provision.ts';

/** The settings of every new tenant. Add your product's first rows here. Inserting a row twice must have no effect. */
const TENANT_SETTINGS = { locale: 'en', timeZone: 'UTC' } as const;

export async function seedTenant(owner: Owner, { schemaName }: TenantHome): Promise<void> {
  const rows = Object.entries(TENANT_SETTINGS).map(([key, value]) => ({ key, value: owner.json(value) }));
  await owner`insert into ${owner(schemaName)}.settings ${owner(rows)} on conflict (key) do nothing`;
}
