/** The pair of tokens that `auth.login`, `auth.refresh`, `auth.switchTenant` and `auth.changePassword` return. */
export interface Tokens {
  accessToken: string;
  refreshToken: string;
  /** When the access token expires, in ms since the epoch. */
  expiresAt: number;
  /** The slug of the access token's tenant, sent as `X-Tenant-Slug`. Missing for a lobby token. */
  tenantSlug?: string;
}

/** Whether a stored value is a pair of tokens. */
export function isTokens(value: unknown): value is Tokens {
  if (typeof value !== 'object' || value === null) return false;
  if (!('accessToken' in value) || !('refreshToken' in value) || !('expiresAt' in value)) return false;
  const { accessToken, refreshToken, expiresAt } = value;
  const tenantSlug = 'tenantSlug' in value ? value.tenantSlug : undefined;
  return (
    typeof accessToken === 'string' &&
    typeof refreshToken === 'string' &&
    typeof expiresAt === 'number' &&
    (tenantSlug === undefined || typeof tenantSlug === 'string')
  );
}

/** Returns the pair of tokens in a procedure's answer, or `undefined` if it has none. */
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
