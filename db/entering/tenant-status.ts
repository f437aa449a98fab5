import { AppError } from '../../core/errors.ts';
import type { TenantStatus } from '../tables/lobby.ts';

/** @throws AppError that says why a tenant that is not `ready` can't be entered */
export function assertReady(status: TenantStatus): void {
  switch (status) {
    case 'ready':
      return;
    case 'provisioning':
    case 'failed':
      throw new AppError('TENANT_NOT_READY', 'The tenant is not ready yet. Call tenants.status to see its progress.', {
        retryAfter: 2,
      });
    case 'migrating':
      throw new AppError('TENANT_MIGRATING', 'The tenant is being migrated. Retry the request in a moment.', {
        retryAfter: 5,
      });
    case 'suspended':
      throw new AppError('TENANT_SUSPENDED', 'The tenant is suspended. Contact the platform operator.');
    case 'deleted':
      throw new AppError('TENANT_DELETED', 'The tenant is deleted.');
  }
}
