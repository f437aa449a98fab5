/** Callers with valid credentials: a session, an API key or an assumed identity. */
const LIVE = [
  'anonymous',
  /** A member of the tenant, with a token for the lobby. */
  'lobby',
  'member',
  'admin',
  /** The admin of another tenant, with a token for that tenant. */
  'foreign',
  /** A former member who still has a token for the tenant. */
  'removed',
  /** An operator of the platform. */
  'superuser',
  'memberKey',
  'adminKey',
  /** Operators under an assumed identity: with read or write access, as a member or an admin. */
  'readAsMember',
  'writeAsMember',
  'readAsAdmin',
  'writeAsAdmin',
] as const;

/** Callers with invalid credentials, each of them once or almost those of the tenant's admin. */
export const DEAD = [
  'refreshToken',
  'verifyEmailToken',
  'resetPasswordToken',
  'inviteToken',
  'expiredToken',
  'tokenOfAnotherType',
  'tokenOfAnotherAudience',
  'revokedKey',
  'expiredKey',
  'revokedSession',
  'disabledUser',
  'endedIdentity',
] as const;

export const CALLERS = [...LIVE, ...DEAD] as const;

export type Who = (typeof CALLERS)[number];
