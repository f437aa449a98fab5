import { harmless } from '../text/harmless.ts';

/** How many days a sign-up may be pending until its address is verified. After that it is deleted. */
export const SIGN_UP_DAYS = 7;

export interface SignUpFacts {
  tenantName: string;
  tenantSlug: string;
  createdAt: Date;
}

/**
 * Describes a sign-up for the reader of a mail or a page. Several people may have signed up with one address, and each chose
 * the name of a tenant. The name comes last and without double quotes, so it can't imitate the slug and the time.
 * @returns such as `acme (signed up on 2026-11-28 at 16:53 UTC, with the name "Acme")`
 */
export function describeSignUp({ tenantName, tenantSlug, createdAt }: SignUpFacts): string {
  const time = createdAt.toISOString();
  const name = harmless(tenantName).replaceAll(/["\u201c-\u201f\u2033\uff02]/g, "'");
  return `${tenantSlug} (signed up on ${time.slice(0, 10)} at ${time.slice(11, 16)} UTC, with the name "${name}")`;
}
