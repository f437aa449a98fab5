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

/** The state that actions have led to, or why no order of them leads to what is found. */
export type Explanation = { after: State; complaints: [] } | { complaints: string[] };

/**
 * Looks for an order in which the model does the same as the product did with actions that ran together: who was let in
 * may finish behind those who close the door, but what each one does must be allowed at its turn. One action has one order.
 * @param found what the database says after them
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

/** Reuse of a refresh token is refused, and ends the session. */
function hasEffect({ outcome }: Done): boolean {
  return outcome.reason === undefined || outcome.reason === 'REFRESH_REUSED';
}

function follow(states: readonly State[], { action, outcome }: Done): State | undefined {
  const now = item(states, states.length - 1);
  const { reason } = outcome;
  // Of several reuses at once each may find the session still there.
  const turns = reason === undefined ? [now] : states;
  if (!isLetIn(states, action) || !turns.some(({ model }) => inside(model, action) === reason)) return undefined;
  const next = structuredClone(now);
  take(next.model, action);
  return keep(next.handles, next.model, action, outcome) ? next : undefined;
}

function isLetIn(states: readonly State[], action: Action): boolean {
  return states.some(({ model }) => atTheDoor(model, action) === undefined);
}

/** Whether a refusal is what the door said at some time; or, to one who was let in by then, what was said inside. */
function isExplained(states: readonly State[], { action, outcome: { reason } }: Done): boolean {
  // Between its look at the current password and the change, others may change it.
  if (states.length > 1 && action.do === 'changePassword' && reason === 'CONFLICT') return true;
  return states.some(
    ({ model }, index) =>
      atTheDoor(model, action) === reason ||
      (isLetIn(states.slice(0, index + 1), action) && inside(model, action) === reason),
  );
}
