import { at, rest, trpc, type Answer, type Call } from './rest.ts';

/** The REST call for each procedure, from the table of the contract. */
const TWINS = {
  'auth.register': ['mutation', 'POST', '/auth/register'],
  'auth.previewSignUp': ['query', 'GET', '/auth/verify-email/preview'],
  'auth.verifyEmail': ['mutation', 'POST', '/auth/verify-email'],
  'auth.resendVerification': ['mutation', 'POST', '/auth/resend-verification'],
  'auth.login': ['mutation', 'POST', '/auth/login'],
  'auth.refresh': ['mutation', 'POST', '/auth/refresh'],
  'auth.switchTenant': ['mutation', 'POST', '/auth/switch-tenant'],
  'auth.logout': ['mutation', 'POST', '/auth/logout'],
  'auth.logoutAll': ['mutation', 'POST', '/auth/logout-all'],
  'auth.requestPasswordReset': ['mutation', 'POST', '/auth/password-reset'],
  'auth.resetPassword': ['mutation', 'POST', '/auth/password-reset/confirm'],
  'auth.changePassword': ['mutation', 'POST', '/auth/change-password'],
  'auth.sessions': ['query', 'GET', '/auth/sessions'],
  'auth.revokeSession': ['mutation', 'DELETE', '/auth/sessions/{id}'],
  'users.me': ['query', 'GET', '/users/me'],
  'users.updateMe': ['mutation', 'PATCH', '/users/me'],
  'users.myTenants': ['query', 'GET', '/users/me/tenants'],
  'tenants.create': ['mutation', 'POST', '/tenants'],
  'tenants.get': ['query', 'GET', '/tenants/current'],
  'tenants.update': ['mutation', 'PATCH', '/tenants/current'],
  'tenants.status': ['query', 'GET', '/tenants/{slug}/status'],
  'members.list': ['query', 'GET', '/members'],
  'members.updateRole': ['mutation', 'PATCH', '/members/{userId}'],
  'members.remove': ['mutation', 'DELETE', '/members/{userId}'],
  'members.leave': ['mutation', 'POST', '/members/leave'],
  'invites.create': ['mutation', 'POST', '/invites'],
  'invites.list': ['query', 'GET', '/invites'],
  'invites.get': ['query', 'GET', '/invites/{id}'],
  'invites.resend': ['mutation', 'POST', '/invites/{id}/resend'],
  'invites.revoke': ['mutation', 'DELETE', '/invites/{id}'],
  'invites.preview': ['query', 'GET', '/invites/preview'],
  'invites.accept': ['mutation', 'POST', '/invites/accept'],
  'projects.create': ['mutation', 'POST', '/projects'],
  'projects.list': ['query', 'GET', '/projects'],
  'projects.get': ['query', 'GET', '/projects/{id}'],
  'projects.update': ['mutation', 'PATCH', '/projects/{id}'],
  'projects.delete': ['mutation', 'DELETE', '/projects/{id}'],
  'audit.list': ['query', 'GET', '/audit'],
  'audit.history': ['query', 'GET', '/audit/{entityType}/{entityId}'],
  'audit.verify': ['query', 'GET', '/audit/verify'],
  'apiKeys.create': ['mutation', 'POST', '/api-keys'],
  'apiKeys.list': ['query', 'GET', '/api-keys'],
  'apiKeys.revoke': ['mutation', 'DELETE', '/api-keys/{id}'],
  'admin.retryProvisioning': ['mutation', 'POST', '/admin/tenants/{slug}/retry'],
  'admin.users': ['query', 'GET', '/admin/users'],
  'admin.disableUser': ['mutation', 'POST', '/admin/users/{id}/disable'],
  'admin.enableUser': ['mutation', 'POST', '/admin/users/{id}/enable'],
  'admin.audit': ['query', 'GET', '/admin/audit'],
  'admin.assumeIdentity': ['mutation', 'POST', '/admin/assume-identity'],
  'admin.endAssumedIdentity': ['mutation', 'POST', '/admin/assume-identity/{id}/end'],
  'admin.assumedIdentities': ['query', 'GET', '/admin/assumed-identities'],
} as const;

export type Procedure = keyof typeof TWINS;
export type Mount = 'tRPC' | 'REST';
export const MOUNTS = ['tRPC', 'REST'] as const satisfies readonly Mount[];

/** @returns every case for every mount, for `test.each` */
export function onBothMounts<Case extends object>(cases: readonly Case[]): (Case & { mount: Mount })[] {
  return MOUNTS.flatMap((mount) => cases.map((one) => ({ ...one, mount })));
}

/** Calls a procedure on one of the mounts with the same input. A string as `body` is sent unchanged. */
export async function callOn(mount: Mount, url: string, procedure: Procedure, call: Call = {}): Promise<Answer> {
  const [type, method, path] = TWINS[procedure];
  if (mount === 'tRPC') return await trpc(url, type, procedure, call);
  const { body, ...others } = call;
  const input = isRecord(body) ? { ...body } : {};
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = input[name];
    delete input[name];
    return encodeURIComponent(String(value));
  });
  if (method !== 'GET' && method !== 'DELETE') {
    return await rest(url, method, filled, {
      ...others,
      ...(body !== undefined && { body: isRecord(body) ? input : body }),
    });
  }
  const query = new URLSearchParams(Object.entries(input).map(([name, value]) => [name, String(value)]));
  return await rest(url, method, query.size > 0 ? `${filled}?${query}` : filled, others);
}

/** @returns the result of a call, without the mount's envelope */
export function resultOf(mount: Mount, { body }: Answer): unknown {
  return mount === 'tRPC' ? at(body, 'result', 'data') : body;
}

/** @returns the details of an error: for tRPC `error.data`, for REST the problem itself */
export function errorOf(mount: Mount, { body }: Answer): unknown {
  return mount === 'tRPC' ? at(body, 'error', 'data') : body;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
