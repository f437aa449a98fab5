import type { Action } from './actions.ts';
import { hasAdminBeside, holderOf, isReuse, item, refusedInTenant } from './model.ts';
import type { Model, TenantIndex } from './model.ts';

export type Reason =
  | 'UNAUTHENTICATED'
  | 'INVALID_CREDENTIALS'
  | 'REFRESH_REUSED'
  | 'TENANT_MISMATCH'
  | 'TENANT_NOT_FOUND'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'LAST_ADMIN'
  | 'ALREADY_MEMBER'
  | 'TOKEN_INVALID';

/** @returns why the access check refuses an action. An action that passed may finish even if access ends meanwhile. */
export function atTheDoor(model: Model, action: Action): Reason | undefined {
  switch (action.do) {
    case 'logout':
    case 'logoutAll':
    case 'revokeSession':
    case 'switchTenant':
    case 'changePassword':
      return holderOf(model, action.as).live ? undefined : 'UNAUTHENTICATED';
    case 'accept':
      return action.as === null || holderOf(model, action.as).live ? undefined : 'UNAUTHENTICATED';
    case 'leave':
      return refusedInTenant(model, action.as);
    case 'invite':
    case 'revokeInvite':
    case 'setRole':
    case 'remove':
    case 'createKey':
    case 'revokeKey':
      return refusedInTenant(model, action.as, ['admin']);
    case 'login':
    case 'refresh':
    case 'requestReset':
    case 'confirmReset':
    case 'disable':
    case 'enable':
    case 'timePasses':
      return undefined;
  }
}

/** @returns why an action is refused after the access check, at the moment of its effect */
export function inside(model: Model, action: Action): Reason | undefined {
  switch (action.do) {
    case 'login': {
      const { account, password, roles } = item(model.people, action.person);
      if (account !== 'enabled' || password !== action.password) return 'INVALID_CREDENTIALS';
      return action.tenant === null || roles[action.tenant] !== null ? undefined : 'TENANT_NOT_FOUND';
    }
    case 'refresh':
      return refreshRefused(model, action);
    case 'revokeSession': {
      const { person, ended } = item(model.sessions, action.session);
      return person === holderOf(model, action.as).person && !ended ? undefined : 'NOT_FOUND';
    }
    case 'switchTenant': {
      const isOwn = item(model.refreshTokens, action.token).session === holderOf(model, action.as).session;
      return isOwn ? refreshRefused(model, action) : 'UNAUTHENTICATED';
    }
    case 'changePassword':
      return holderOf(model, action.as).holder.password === action.current ? undefined : 'INVALID_CREDENTIALS';
    case 'confirmReset': {
      const { person, used } = item(model.resets, action.reset);
      return !used && item(model.people, person).account === 'enabled' ? undefined : 'TOKEN_INVALID';
    }
    case 'accept':
      return acceptRefused(model, action);
    case 'invite':
      return adminRefused(model, action.as) ?? (roleOf(model, action) === null ? undefined : 'ALREADY_MEMBER');
    case 'createKey':
      return adminRefused(model, action.as);
    case 'revokeInvite': {
      const lost = adminRefused(model, action.as);
      if (lost) return lost;
      const { tenant, state } = item(model.invites, action.invite);
      if (tenant !== holderOf(model, action.as).tenant) return 'NOT_FOUND';
      return state === 'accepted' ? 'CONFLICT' : undefined;
    }
    case 'setRole':
      return (
        adminRefused(model, action.as) ??
        (roleOf(model, action) === null ? 'NOT_FOUND' : undefined) ??
        (action.role === 'member' ? lastAdmin(model, placeOf(model, action.as), action.person) : undefined)
      );
    case 'remove':
      return (
        adminRefused(model, action.as) ??
        (roleOf(model, action) === null ? 'NOT_FOUND' : lastAdmin(model, placeOf(model, action.as), action.person))
      );
    case 'leave': {
      const { role, person } = holderOf(model, action.as);
      return role === null ? 'NOT_FOUND' : lastAdmin(model, placeOf(model, action.as), person);
    }
    case 'revokeKey': {
      const lost = adminRefused(model, action.as);
      if (lost) return lost;
      const { tenant, revoked } = item(model.keys, action.key);
      return tenant === holderOf(model, action.as).tenant && !revoked ? undefined : 'NOT_FOUND';
    }
    case 'logout':
    case 'logoutAll':
    case 'requestReset':
    case 'disable':
    case 'enable':
    case 'timePasses':
      return undefined;
  }
}

function refreshRefused(model: Model, action: { token: number; tenant: TenantIndex | null }): Reason | undefined {
  const token = item(model.refreshTokens, action.token);
  const { ended, person } = item(model.sessions, token.session);
  if (ended) return 'UNAUTHENTICATED';
  if (isReuse(token)) return 'REFRESH_REUSED';
  const tenant = action.tenant ?? token.tenant;
  return tenant === null || item(model.people, person).roles[tenant] !== null ? undefined : 'TENANT_NOT_FOUND';
}

function acceptRefused(model: Model, { invite, as }: { invite: number; as: number | null }): Reason | undefined {
  const { state, person, tenant } = item(model.invites, invite);
  const invitee = item(model.people, person);
  if (state !== 'open') return 'TOKEN_INVALID';
  if (as === null) return invitee.account === 'none' ? undefined : 'UNAUTHENTICATED';
  if (holderOf(model, as).person !== person) return 'FORBIDDEN';
  return invitee.roles[tenant] === null ? undefined : 'ALREADY_MEMBER';
}

export function placeOf(model: Model, as: number): TenantIndex {
  const { tenant } = holderOf(model, as);
  if (tenant === null) throw new Error('A lobby token was let into a tenant');
  return tenant;
}

function roleOf(model: Model, { as, person }: { as: number; person: number }) {
  return item(model.people, person).roles[placeOf(model, as)];
}

/** The rights of an admin are checked again under the lock that protects them. */
function adminRefused(model: Model, as: number): Reason | undefined {
  const { holder, role } = holderOf(model, as);
  if (holder.account !== 'enabled') return 'UNAUTHENTICATED';
  if (role === null) return 'TENANT_NOT_FOUND';
  return role === 'admin' ? undefined : 'FORBIDDEN';
}

function lastAdmin(model: Model, tenant: TenantIndex, person: number): Reason | undefined {
  const isAdmin = item(model.people, person).roles[tenant] === 'admin';
  return isAdmin && !hasAdminBeside(model, tenant, person) ? 'LAST_ADMIN' : undefined;
}
