import type { Action } from './actions.ts';
import { item, type Model } from './model.ts';

/** The ids and tokens in the product for the model's indexes. */
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

/** A row, and the token in its mail. */
interface Mailed {
  id: string;
  token: string;
}

/** The relevant parts of an answer. */
export interface Outcome {
  reason: string | undefined;
  pair?: { session: string; access: string; refresh: string };
  mailed?: Mailed;
  key?: { id: string; key: string };
  userId?: string;
}

/**
 * Stores the ids and tokens that an action has created, at their index in the model.
 * @param model the model after the action
 * @returns whether they fit the model: the successor of a refresh token must always be the same
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
