import type { Action } from './actions.ts';
import { item, type Model } from './model.ts';

/** What the model's indices stand for in the product. */
export interface Handles {
  slugs: readonly [string, string];
  people: { email: string; id: string }[];
  sessions: string[];
  accessTokens: string[];
  refreshTokens: string[];
  invites: Mailed[];
  keys: { id: string; key: string }[];
  resets: Mailed[];
}

/** A row, and the token that its mail has. */
interface Mailed {
  id: string;
  token: string;
}

/** An answer, as far as it matters. */
export interface Outcome {
  reason: string | undefined;
  pair?: { session: string; access: string; refresh: string };
  mailed?: Mailed;
  key?: { id: string; key: string };
  userId?: string;
}

/**
 * Keeps what an action has made, at the place where the model has it.
 * @param model after the action
 * @returns whether it is what the model says: a refresh token's successor is always the same
 */
export function keep(handles: Handles, model: Model, action: Action, outcome: Outcome): boolean {
  const { pair, mailed, key, userId } = outcome;
  if (mailed && action.do === 'invite') handles.invites.push(mailed);
  else if (mailed) handles.resets.push(mailed);
  if (key) handles.keys.push(key);
  if (userId !== undefined && action.do === 'accept') {
    item(handles.people, item(model.invites, action.invite).person).id = userId;
  }
  if (!pair) return true;
  if (action.do === 'login') handles.sessions.push(pair.session);
  handles.accessTokens.push(pair.access);
  const isUse = action.do === 'refresh' || action.do === 'switchTenant';
  const place = isUse ? item(model.refreshTokens, action.token).successor : null;
  const known = handles.refreshTokens[place ?? handles.refreshTokens.length];
  if (known === undefined) handles.refreshTokens.push(pair.refresh);
  return (known ?? pair.refresh) === pair.refresh;
}
