import type { Action, Wish } from './actions.ts';
import { holderOf, item, type Model, type Person, type Role } from './model.ts';

/**
 * Turns a wish into an action on existing things. An odd wish may become an action that does not fit.
 * @param next a password that nobody has used
 * @returns `undefined` if there is nothing to act on
 */
export function settle(model: Model, wish: Wish, next: number): Action | undefined {
  const { who, what, tenant, role, odd } = wish;
  const focus = wish.about === null ? null : wish.about % model.people.length;
  /** Either the actor or the target is in focus. With both, people would act only on themselves. */
  const byFocus = who % 2 === 0;

  function choose<T>(
    list: readonly T[],
    choice: number,
    is: { fit: (one: T, index: number) => boolean; of?: (one: T, index: number) => number },
  ): number {
    const all = [...list.keys()];
    const fit = odd ? [] : all.filter((index) => is.fit(item(list, index), index));
    const focused = fit.filter((index) => focus !== null && is.of?.(item(list, index), index) === focus);
    const among = [focused, fit, all].find((indices) => indices.length > 0) ?? [];
    return among[choice % among.length] ?? -1;
  }
  const ownerOf = ({ session }: { session: number }): number => item(model.sessions, session).person;
  const isLive = ({ session }: { session: number }): boolean => !item(model.sessions, session).ended;
  const tokenOf = (roles: readonly (Role | null)[], inFocus = true): number =>
    choose(model.accessTokens, who, {
      fit: (token, index) => isLive(token) && roles.includes(holderOf(model, index).role),
      ...(inFocus && { of: ownerOf }),
    });
  const refreshTokenOf = (as: number): number => {
    const own = holderOf(model, as).session;
    return choose(model.refreshTokens, what, { fit: ({ session }) => session === own });
  };
  const asUser = (): number => tokenOf(['admin', 'member', null]);
  const asAdmin = (inFocus = true) => {
    const as = tokenOf(['admin'], inFocus);
    return { as, place: holderOf(model, as).tenant ?? 0 };
  };
  const target = (fit: (person: Person) => boolean, inFocus = true): number =>
    choose(model.people, what, { fit, ...(inFocus && { of: (_: Person, index: number) => index }) });
  const instead = (kind: Wish['do']) => settle(model, { ...wish, do: kind }, next);

  switch (wish.do) {
    case 'login': {
      const person = target(() => true);
      const { password, former } = item(model.people, person);
      return { do: wish.do, person, password: odd ? former : password, tenant };
    }
    case 'refresh':
      return { do: wish.do, token: refreshTokenOf(asUser()), tenant: odd ? tenant : null };
    case 'logout':
    case 'logoutAll':
      return { do: wish.do, as: asUser() };
    case 'leave':
      return { do: wish.do, as: tokenOf(['admin', 'member']) };
    case 'revokeSession': {
      const as = asUser();
      const own = holderOf(model, as).person;
      return { do: wish.do, as, session: choose(model.sessions, what, { fit: ({ person }) => person === own }) };
    }
    case 'switchTenant': {
      const as = asUser();
      return { do: wish.do, as, token: refreshTokenOf(as), tenant: tenant ?? 0 };
    }
    case 'changePassword': {
      const as = asUser();
      const { password, former } = holderOf(model, as).holder;
      return { do: wish.do, as, current: odd ? former : password, next };
    }
    case 'requestReset':
      return { do: wish.do, person: target(() => true) };
    case 'confirmReset': {
      const reset = choose(model.resets, what, { fit: ({ used }) => !used, of: ({ person }) => person });
      return reset < 0 ? instead('requestReset') : { do: wish.do, reset, next };
    }
    case 'invite': {
      const { as, place } = asAdmin(byFocus);
      return { do: wish.do, as, person: target(({ roles }) => roles[place] === null, !byFocus), role };
    }
    case 'revokeInvite': {
      const { as, place } = asAdmin(byFocus);
      const invite = choose(model.invites, what, {
        fit: (one) => one.tenant === place && one.state === 'open',
        of: ({ person }) => person,
      });
      return invite < 0 ? instead('invite') : { do: wish.do, as, invite };
    }
    case 'accept': {
      const invite = choose(model.invites, what, {
        fit: ({ state }) => state === 'open',
        of: ({ person, by }) => (byFocus ? person : by),
      });
      if (invite < 0) return instead('invite');
      const invitee = item(model.invites, invite).person;
      const own = choose(model.accessTokens, who, { fit: (token) => isLive(token) && ownerOf(token) === invitee });
      const isNew = item(model.people, invitee).account === 'none';
      return { do: wish.do, invite, as: isNew === (odd && tenant === 0) ? own : null, next };
    }
    case 'setRole': {
      const { as, place } = asAdmin(byFocus);
      return { do: wish.do, as, person: target(({ roles }) => roles[place] !== null, !byFocus), role };
    }
    case 'remove': {
      const { as, place } = asAdmin(byFocus);
      return { do: wish.do, as, person: target(({ roles }) => roles[place] !== null, !byFocus) };
    }
    case 'disable':
    case 'enable': {
      const from = wish.do === 'disable' ? 'enabled' : 'disabled';
      const person = target(({ account }) => account === from);
      return item(model.people, person).account === 'none' ? undefined : { do: wish.do, person };
    }
    case 'createKey':
      return { do: wish.do, as: asAdmin().as, role };
    case 'revokeKey': {
      const { as, place } = asAdmin();
      const key = choose(model.keys, what, { fit: (one) => one.tenant === place && !one.revoked });
      return key < 0 ? instead('createKey') : { do: wish.do, as, key };
    }
    case 'timePasses':
      return { do: wish.do };
  }
}
