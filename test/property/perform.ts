import { decodeJwt } from 'jose';
import { v7 as uuidv7 } from 'uuid';
import { mintMailedToken, type MailedTokenKind } from '../../core/auth/mailed-token.ts';
import { PASSWORD } from '../support/people.ts';
import { at, reasonOf, rest, type Answer, type Call } from '../support/rest.ts';
import type { Action } from './actions.ts';
import { letTimePass } from './clock.ts';
import type { Outcome } from './handles.ts';
import { holderOf, item, type Model } from './model.ts';
import type { World } from './world.ts';

/** Performs an action over REST. @returns the relevant parts of the answer */
export async function perform(world: World, model: Model, action: Action): Promise<Outcome> {
  const { handles, place, sql } = world;
  const call = (method: string, path: string, given: Call): Promise<Answer> => rest(place.url, method, path, given);
  const as = (index: number, body?: Record<string, unknown>): Call => {
    const tenant = handles.slugs[holderOf(model, index).tenant ?? 0];
    return { token: item(handles.accessTokens, index), tenant, ...(body && { body }) };
  };
  const idOf = (person: number): string => item(handles.people, person).id;
  const mailed = (kind: MailedTokenKind, id: string, person: number): Pick<Outcome, 'mailed'> => {
    const { email } = item(handles.people, person);
    return { mailed: { id, token: mintMailedToken(world.secretKeys, { kind, id, email }) } };
  };

  switch (action.do) {
    case 'login': {
      const tenantSlug = action.tenant === null ? undefined : handles.slugs[action.tenant];
      const { email } = item(handles.people, action.person);
      return withPair(
        await call('POST', '/auth/login', { body: { email, password: wordOf(action.password), tenantSlug } }),
      );
    }
    case 'refresh': {
      const tenantSlug = action.tenant === null ? undefined : handles.slugs[action.tenant];
      const refreshToken = item(handles.refreshTokens, action.token);
      return withPair(await call('POST', '/auth/refresh', { body: { refreshToken, tenantSlug } }));
    }
    case 'logout':
      return plain(await call('POST', '/auth/logout', as(action.as)));
    case 'logoutAll':
      return plain(await call('POST', '/auth/logout-all', as(action.as)));
    case 'leave':
      return plain(await call('POST', '/members/leave', as(action.as)));
    case 'revokeSession':
      return plain(await call('DELETE', `/auth/sessions/${item(handles.sessions, action.session)}`, as(action.as)));
    case 'switchTenant': {
      const refreshToken = item(handles.refreshTokens, action.token);
      const body = { tenantSlug: handles.slugs[action.tenant], refreshToken };
      return withPair(await call('POST', '/auth/switch-tenant', as(action.as, body)));
    }
    case 'changePassword': {
      const body = { currentPassword: wordOf(action.current), newPassword: wordOf(action.next) };
      return withPair(await call('POST', '/auth/change-password', as(action.as, body)));
    }
    case 'requestReset': {
      const id = uuidv7();
      const { email } = item(handles.people, action.person);
      await sql`
        insert into public.mail_requests (id, kind, email, expires_at)
        values (${id}, 'reset-password', ${email}, now() + interval '1 hour')`;
      return { reason: undefined, ...mailed('reset-password', id, action.person) };
    }
    case 'confirmReset': {
      const body = { token: item(handles.resets, action.reset).token, newPassword: wordOf(action.next) };
      return plain(await call('POST', '/auth/password-reset/confirm', { body }));
    }
    case 'invite': {
      const { person, role } = action;
      const { email } = item(handles.people, person);
      const answer = await call('POST', '/invites', as(action.as, { email, role }));
      return { ...plain(answer), ...(isOk(answer) && mailed('invite', String(at(answer.body, 'id')), person)) };
    }
    case 'revokeInvite':
      return plain(await call('DELETE', `/invites/${item(handles.invites, action.invite).id}`, as(action.as)));
    case 'accept': {
      const { token } = item(handles.invites, action.invite);
      const newcomer = { password: wordOf(action.next), fullName: 'Eve Newcomer' };
      const answer = await call(
        'POST',
        '/invites/accept',
        action.as === null ? { body: { token, ...newcomer } } : as(action.as, { token }),
      );
      return { ...plain(answer), ...(isOk(answer) && { userId: String(at(answer.body, 'user', 'id')) }) };
    }
    case 'setRole':
      return plain(await call('PATCH', `/members/${idOf(action.person)}`, as(action.as, { role: action.role })));
    case 'remove':
      return plain(await call('DELETE', `/members/${idOf(action.person)}`, as(action.as)));
    case 'disable':
    case 'enable':
      return plain(await call('POST', `/admin/users/${idOf(action.person)}/${action.do}`, { token: world.operator }));
    case 'createKey': {
      const answer = await call('POST', '/api-keys', as(action.as, { name: 'Key', role: action.role }));
      const { body } = answer;
      return {
        ...plain(answer),
        ...(isOk(answer) && { key: { id: String(at(body, 'id')), key: String(at(body, 'key')) } }),
      };
    }
    case 'revokeKey':
      return plain(await call('DELETE', `/api-keys/${item(handles.keys, action.key).id}`, as(action.as)));
    case 'timePasses':
      await letTimePass(sql, handles);
      return { reason: undefined };
  }
}

function isOk({ status }: Answer): boolean {
  return status < 300;
}

/** @returns the reason of a refusal. A failure without a reason fits nothing that the model expects. */
export function refusalIn(answer: Answer): string | undefined {
  return isOk(answer) ? undefined : JSON.stringify(reasonOf(answer) ?? answer.status).replaceAll('"', '');
}

function plain(answer: Answer): Outcome {
  return { reason: refusalIn(answer) };
}

function withPair(answer: Answer): Outcome {
  if (!isOk(answer)) return plain(answer);
  const access = String(at(answer.body, 'accessToken'));
  const pair = { session: String(decodeJwt(access)['sid']), access, refresh: String(at(answer.body, 'refreshToken')) };
  return { reason: undefined, pair };
}

function wordOf(password: number): string {
  return password === 0 ? PASSWORD : `${PASSWORD}-${password}`;
}
