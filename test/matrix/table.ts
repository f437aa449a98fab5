import type { Who } from './callers.ts';
import {
  ADMIN,
  ADMIN_KEY,
  ITS_MEMBERS,
  KEYS,
  MEMBER,
  PUBLIC,
  SEEN_AS_ADMIN,
  SEEN_AS_MEMBER,
  SUPERUSER,
  USER,
  type Row,
} from './levels.ts';
import type { ProcedurePath } from './procedures.ts';
import { PRODUCT_TABLE } from '../product/matrix.ts';

/**
 * The contract, written by hand: who may call which procedure. A procedure without a row does not compile. A row is the
 * level of the procedure, and then the changes for API keys and assumed identities.
 */
const TABLE = {
  'auth.register': PUBLIC,
  'auth.previewSignUp': PUBLIC,
  'auth.verifyEmail': PUBLIC,
  'auth.resendVerification': PUBLIC,
  'auth.login': PUBLIC,
  'auth.refresh': PUBLIC,
  'auth.requestPasswordReset': PUBLIC,
  'auth.resetPassword': PUBLIC,
  'auth.switchTenant': { ...USER.writes, ...ITS_MEMBERS },
  'auth.logout': USER.writes,
  'auth.logoutAll': USER.writes,
  'auth.changePassword': USER.writes,
  'auth.sessions': USER.reads,
  'auth.revokeSession': USER.writes,

  'users.me': { ...USER.reads, ...SEEN_AS_MEMBER },
  'users.updateMe': USER.writes,
  'users.myTenants': USER.reads,

  'tenants.create': USER.writes,
  'tenants.status': { ...USER.reads, ...ITS_MEMBERS },
  'tenants.onStatus': { ...USER.reads, ...ITS_MEMBERS },
  'tenants.get': { ...MEMBER.reads, ...KEYS, ...SEEN_AS_MEMBER },
  'tenants.update': { ...ADMIN.writes, ...ADMIN_KEY },

  'members.list': { ...MEMBER.reads, ...SEEN_AS_MEMBER },
  'members.updateRole': ADMIN.writes,
  'members.remove': ADMIN.writes,
  'members.leave': MEMBER.writes,

  'invites.create': ADMIN.writes,
  'invites.list': { ...ADMIN.reads, ...SEEN_AS_ADMIN },
  'invites.get': { ...ADMIN.reads, ...SEEN_AS_ADMIN },
  'invites.resend': ADMIN.writes,
  'invites.revoke': ADMIN.writes,
  'invites.preview': PUBLIC,
  // A new person has no token. A token that is sent must be valid.
  'invites.accept': { ...USER.writes, anonymous: 'ok' },

  'audit.list': { ...ADMIN.reads, ...ADMIN_KEY, ...SEEN_AS_ADMIN },
  'audit.history': { ...ADMIN.reads, ...ADMIN_KEY, ...SEEN_AS_ADMIN },
  'audit.verify': { ...ADMIN.reads, ...ADMIN_KEY, ...SEEN_AS_ADMIN },

  'apiKeys.create': ADMIN.writes,
  'apiKeys.list': { ...ADMIN.reads, ...SEEN_AS_ADMIN },
  'apiKeys.revoke': ADMIN.writes,

  'admin.retryProvisioning': SUPERUSER.writes,
  'admin.users': SUPERUSER.reads,
  'admin.disableUser': SUPERUSER.writes,
  'admin.enableUser': SUPERUSER.writes,
  'admin.audit': SUPERUSER.reads,
  'admin.assumeIdentity': SUPERUSER.writes,
  'admin.endAssumedIdentity': SUPERUSER.writes,
  'admin.assumedIdentities': SUPERUSER.reads,

  ...PRODUCT_TABLE,
} satisfies Record<ProcedurePath, Row>;

const ROWS: ReadonlyMap<string, Row> = new Map<string, Row>(Object.entries(TABLE));

export const PATHS_IN_TABLE = [...ROWS.keys()];

/** @throws Error for a procedure that has no row */
export function rowOf(path: string): Row {
  const row = ROWS.get(path);
  if (!row) throw new Error(`${path} has no row in test/matrix/table.ts: say who may call it`);
  return row;
}

/** Whether a refusal is about the caller, and not about the input. */
export function isRefusedAtTheDoor(path: string, who: Who): boolean {
  const row = rowOf(path);
  // In a procedure for users the tenant is part of the input. For an invite its token is checked before the access token.
  const namesTenant = row.lobby === 'ok' && row[who] === 'TENANT_NOT_FOUND';
  return row[who] !== 'ok' && !namesTenant && path !== 'invites.accept';
}
