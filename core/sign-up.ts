import { withoutLinks } from './display-name.ts';

/** How long a sign-up may wait for its verification, in days. After that it is no longer pending, and is removed. */
export const SIGN_UP_DAYS = 7;

export interface SignUpFacts {
  tenantName: string;
  tenantSlug: string;
  createdAt: Date;
}

/**
 * Tells the reader of a mail or a page which sign-up is meant. Several people may have signed up with one address, and
 * each chose the name of the tenant.
 * @returns such as `"Acme" (acme), signed up on 2026-11-28 at 16:53 UTC`
 */
export function describeSignUp({ tenantName, tenantSlug, createdAt }: SignUpFacts): string {
  const time = createdAt.toISOString();
  return `"${withoutLinks(tenantName)}" (${tenantSlug}), signed up on ${time.slice(0, 10)} at ${time.slice(11, 16)} UTC`;
}
