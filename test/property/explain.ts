import type { Action } from './actions.ts';
import { take } from './effects.ts';
import { keep, type Handles, type Outcome } from './handles.ts';
import { item, type Model } from './model.ts';
import { differences, pictureOf, type Picture } from './picture.ts';
import { atTheDoor, inside } from './rules.ts';

export interface Done {
  action: Action;
  outcome: Outcome;
}

export interface State {
  model: Model;
  handles: Handles;
}

/** The state after the actions, or why no order of them leads to what was found. */
export type Explanation = { after: State; complaints: [] } | { complaints: string[] };

/**
 * Searches for an order of concurrent actions in which the model has the same results as the product. An action that passed
 * the access check may finish after its access has ended, but its effect must be allowed at its turn.
 * @param found the state of the database after the actions
 */
export function explain(before: State, done: readonly Done[], found: Picture): Explanation {
  const effective = done.filter(hasEffect);
  const refused = done.filter((one) => !hasEffect(one));
  let nearest: string[] = ['No order of the actions leads to these answers'];

  function search(states: readonly State[], rest: readonly Done[]): State | undefined {
    const now = item(states, states.length - 1);
    if (rest.length === 0) {
      const unexplained = refused.filter((one) => !isExplained(states, one));
      const complaints =
        unexplained.length > 0
          ? unexplained.map(({ action, outcome }) => `${action.do} must not be refused with ${outcome.reason}`)
          : differences(pictureOf(now.model, now.handles), found);
      if (complaints.length === 0) return now;
      nearest = complaints;
      return undefined;
    }
    for (const one of rest) {
      const next = follow(states, one);
      const end =
        next &&
        search(
          [...states, next],
          rest.filter((other) => other !== one),
        );
      if (end) return end;
    }
    return undefined;
  }

  const after = search([before], effective);
  return after ? { after, complaints: [] } : { complaints: nearest };
}

/** Whether an action has an effect. Reuse of a refresh token is refused and still ends the session. */
function hasEffect({ outcome }: Done): boolean {
  return outcome.reason === undefined || outcome.reason === 'REFRESH_REUSED';
}

function follow(states: readonly State[], { action, outcome }: Done): State | undefined {
  const now = item(states, states.length - 1);
  const { reason } = outcome;
  // Each of several concurrent reuses may still find the session.
  const turns = reason === undefined ? [now] : states;
  if (!isLetIn(states, action) || !turns.some(({ model }) => inside(model, action) === reason)) return undefined;
  const next = structuredClone(now);
  take(next.model, action);
  return keep(next.handles, next.model, action, outcome) ? next : undefined;
}

function isLetIn(states: readonly State[], action: Action): boolean {
  return states.some(({ model }) => atTheDoor(model, action) === undefined);
}

/** Whether a refusal fits one of the states: at the access check, or after it at the effect. */
function isExplained(states: readonly State[], { action, outcome: { reason } }: Done): boolean {
  // The password may change between the check of the current one and the update.
  if (states.length > 1 && action.do === 'changePassword' && reason === 'CONFLICT') return true;
  return states.some(
    ({ model }, index) =>
      atTheDoor(model, action) === reason ||
      (isLetIn(states.slice(0, index + 1), action) && inside(model, action) === reason),
  );
}
