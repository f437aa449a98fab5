/** A pair as `auth.login`, `auth.refresh`, `auth.switchTenant` and `auth.changePassword` give it. */
export interface Tokens {
  accessToken: string;
  refreshToken: string;
  /** When the access token expires, in ms since the epoch. */
  expiresAt: number;
  /** The tenant that the access token is for; goes into `X-Tenant-Slug`. */
  tenantSlug?: string;
}

/** Reads a pair from the answer of a procedure; `undefined` where it holds none. */
export function tokensIn(answer: unknown): Tokens | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  if (!('accessToken' in answer) || !('refreshToken' in answer) || !('expiresIn' in answer)) return undefined;
  const { accessToken, refreshToken, expiresIn } = answer;
  if (typeof accessToken !== 'string' || typeof refreshToken !== 'string' || typeof expiresIn !== 'number') {
    return undefined;
  }
  const tenantSlug = 'tenant' in answer ? slugIn(answer.tenant) : undefined;
  return {
    accessToken,
    refreshToken,
    expiresAt: Date.now() + expiresIn * 1000,
    ...(tenantSlug !== undefined && { tenantSlug }),
  };
}

function slugIn(tenant: unknown): string | undefined {
  if (typeof tenant !== 'object' || tenant === null || !('slug' in tenant)) return undefined;
  return typeof tenant.slug === 'string' ? tenant.slug : undefined;
}
