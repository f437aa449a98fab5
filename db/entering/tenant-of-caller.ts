import { LRUCache } from 'lru-cache';
import type { Caller } from './callers.ts';

/** Whose a key is never changes. */
const tenantsOfKeys = new LRUCache<string, string>({ max: 10_000 });

/** The tenant that a caller is for, as far as it is known before the database is asked. */
export function tenantOfCaller(caller: Caller): string | undefined {
  return caller.kind === 'apiKey' ? tenantsOfKeys.get(hexOf(caller)) : caller.tenantId;
}

/** Whose share of the pool a call takes. Until a key has been in once, it has one for itself. */
export function shareOf(caller: Caller): string | undefined {
  const tenantId = tenantOfCaller(caller);
  return tenantId === undefined && caller.kind === 'apiKey' ? hexOf(caller).slice(0, 16) : tenantId;
}

/** Notes the tenant of a key that the database has found. */
export function rememberKey(caller: Caller, tenantId: string): void {
  if (caller.kind === 'apiKey') tenantsOfKeys.set(hexOf(caller), tenantId);
}

/** A revoked key counts as a made-up one from now on: it must not use up what its tenant may call. */
export function forgetKey(caller: Caller): void {
  if (caller.kind === 'apiKey') tenantsOfKeys.delete(hexOf(caller));
}

/** The hash of a key, as a parameter and as a key of a map. */
export function hexOf({ keyHash }: Caller & { kind: 'apiKey' }): string {
  return Buffer.from(keyHash).toString('hex');
}
