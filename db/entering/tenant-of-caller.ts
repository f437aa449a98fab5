import { LRUCache } from 'lru-cache';
import type { Caller } from './callers.ts';

/** The tenant of each API key, which never changes. */
const tenantsOfKeys = new LRUCache<string, string>({ max: 10_000 });

/** @returns the caller's tenant, if it is known without the database */
export function tenantOfCaller(caller: Caller): string | undefined {
  return caller.kind === 'apiKey' ? tenantsOfKeys.get(hexOf(caller)) : caller.tenantId;
}

/** @returns the share of the pool that a call uses: its tenant's. A key whose tenant is not known yet has its own share. */
export function shareOf(caller: Caller): string | undefined {
  const tenantId = tenantOfCaller(caller);
  return tenantId === undefined && caller.kind === 'apiKey' ? hexOf(caller).slice(0, 16) : tenantId;
}

/** Stores the tenant of a key after the database has found it. */
export function rememberKey(caller: Caller, tenantId: string): void {
  if (caller.kind === 'apiKey') tenantsOfKeys.set(hexOf(caller), tenantId);
}

/** Deletes the stored tenant of a revoked key, so that its calls do not count towards its tenant's rate limit. */
export function forgetKey(caller: Caller): void {
  if (caller.kind === 'apiKey') tenantsOfKeys.delete(hexOf(caller));
}

/** @returns the hash of an API key in hex */
export function hexOf({ keyHash }: Caller & { kind: 'apiKey' }): string {
  return Buffer.from(keyHash).toString('hex');
}
