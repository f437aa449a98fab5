/** Who may be somebody: in their own name, by a key, or in a member's place. */
const LIVE = [
  'anonymous',
  /** A member of the tenant, with a token for none. */
  'lobby',
  'member',
  'admin',
  /** The admin of another tenant, with a token for that one. */
  'foreign',
  /** Was a member, and still has a token for the tenant. */
  'removed',
  /** An operator of the platform. */
  'superuser',
  'memberKey',
  'adminKey',
  /** Operators under an assumed identity: what they may do, and in whose place. */
  'readAsMember',
  'writeAsMember',
  'readAsAdmin',
  'writeAsAdmin',
] as const;

/** Who is nobody: each was, or nearly is, the admin of the tenant. */
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
