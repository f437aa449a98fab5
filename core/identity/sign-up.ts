import { harmless } from '../text/harmless.ts';

/** How long a sign-up may wait for its verification, in days. After that it is no longer pending, and is removed. */
export const SIGN_UP_DAYS = 7;

export interface SignUpFacts {
  tenantName: string;
  tenantSlug: string;
  createdAt: Date;
}

/**
 * Tells the reader of a mail or a page which sign-up is meant. Several people may have signed up with one address, and
 * each chose the name of the tenant: so the name comes last, and can't pretend to be slug and time.
 * @returns such as `acme (signed up on 2026-11-28 at 16:53 UTC, with the name "Acme")`
 */
export function describeSignUp({ tenantName, tenantSlug, createdAt }: SignUpFacts): string {
  const time = createdAt.toISOString();
  const name = harmless(tenantName).replaceAll(/["\u201c-\u201f\u2033\uff02]/g, "'");
  return `${tenantSlug} (signed up on ${time.slice(0, 10)} at ${time.slice(11, 16)} UTC, with the name "${name}")`;
}
