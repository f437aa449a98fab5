import type { Action } from './actions.ts';
import { handOut, holderOf, isReuse, item, openSession, type Invite, type Model, type TenantIndex } from './model.ts';
import { placeOf } from './rules.ts';

/** Applies the effect of an action to the model. Even a refused action may have one: reuse of a refresh token. */
export function take(model: Model, action: Action): void {
  switch (action.do) {
    case 'login':
      return openSession(model, action.person, action.tenant);
    case 'refresh':
      return refresh(model, action);
    case 'logout':
      return endSessions(model, (_, session) => session === holderOf(model, action.as).session);
    case 'logoutAll':
      return endSessions(model, (person) => person === holderOf(model, action.as).person);
    case 'revokeSession':
      return endSessions(model, (_, session) => session === action.session);
    case 'switchTenant':
      return refresh(model, action);
    case 'changePassword': {
      const { person, session, tenant, role } = holderOf(model, action.as);
      setPassword(model, person, action.next, session);
      for (const token of model.refreshTokens) {
        if (token.session === session && token.use === 'unused' && token.life === 'long') token.life = 'short';
      }
      handOut(model, session, role === null ? null : tenant);
      return;
    }
    case 'requestReset':
      model.resets.push({ person: action.person, used: false });
      return;
    case 'confirmReset':
      return setPassword(model, item(model.resets, action.reset).person, action.next);
    case 'invite': {
      const { person, role } = action;
      const tenant = placeOf(model, action.as);
      revokeInvites(model, (invite) => invite.tenant === tenant && invite.person === person);
      model.invites.push({ tenant, person, role, by: holderOf(model, action.as).person, state: 'open' });
      return;
    }
    case 'revokeInvite':
      item(model.invites, action.invite).state = 'revoked';
      return;
    case 'accept': {
      const invite = item(model.invites, action.invite);
      const invitee = item(model.people, invite.person);
      invite.state = 'accepted';
      invitee.roles[invite.tenant] = invite.role;
      if (action.as === null) {
        invitee.account = 'enabled';
        invitee.password = action.next;
      }
      return;
    }
    case 'setRole': {
      const { role } = action;
      const tenant = placeOf(model, action.as);
      const { roles } = item(model.people, action.person);
      if (roles[tenant] === 'admin' && role === 'member') {
        revokeInvites(
          model,
          (invite) => invite.by === action.person && invite.tenant === tenant && invite.role === 'admin',
        );
      }
      roles[tenant] = role;
      return;
    }
    case 'remove':
      return takeOut(model, placeOf(model, action.as), action.person);
    case 'leave':
      return takeOut(model, placeOf(model, action.as), holderOf(model, action.as).person);
    case 'disable': {
      const person = item(model.people, action.person);
      if (person.account === 'disabled') return;
      person.account = 'disabled';
      endSessions(model, (index) => index === action.person);
      revokeInvites(model, (invite) => invite.by === action.person);
      useUpResets(model, action.person);
      return;
    }
    case 'enable':
      item(model.people, action.person).account = 'enabled';
      return;
    case 'createKey':
      model.keys.push({ tenant: placeOf(model, action.as), role: action.role, revoked: false });
      return;
    case 'revokeKey':
      item(model.keys, action.key).revoked = true;
      return;
    case 'timePasses':
      for (const token of model.refreshTokens) {
        if (token.use === 'grace') token.use = 'past';
        if (token.life === 'short') token.life = 'over';
      }
  }
}

function refresh(model: Model, action: { token: number; tenant: TenantIndex | null }): void {
  const token = item(model.refreshTokens, action.token);
  const tenant = action.tenant ?? token.tenant;
  if (isReuse(token)) {
    endSessions(model, (_, session) => session === token.session);
  } else if (token.use === 'grace') {
    model.accessTokens.push({ session: token.session, tenant });
  } else {
    token.use = 'grace';
    // The successor of a retired token also ends early, because the session continues with one token only.
    token.successor = handOut(model, token.session, tenant, token.life);
  }
}

function endSessions(model: Model, which: (person: number, session: number) => boolean): void {
  for (const [index, session] of model.sessions.entries()) {
    if (which(session.person, index)) session.ended = true;
  }
}

function setPassword(model: Model, person: number, next: number, keep?: number): void {
  const holder = item(model.people, person);
  holder.former = holder.password;
  holder.password = next;
  endSessions(model, (owner, session) => owner === person && session !== keep);
  useUpResets(model, person);
}

function useUpResets(model: Model, person: number): void {
  for (const reset of model.resets) {
    if (reset.person === person) reset.used = true;
  }
}

function revokeInvites(model: Model, which: (invite: Invite) => boolean): void {
  for (const invite of model.invites) {
    if (invite.state === 'open' && which(invite)) invite.state = 'revoked';
  }
}

function takeOut(model: Model, tenant: TenantIndex, person: number): void {
  revokeInvites(model, (invite) => invite.by === person && invite.tenant === tenant);
  item(model.people, person).roles[tenant] = null;
}
