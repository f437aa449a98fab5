import type { Action, Wish } from './actions.ts';
import { stopTheClock } from './clock.ts';
import { explain, type Done, type State } from './explain.ts';
import { broken } from './invariants.ts';
import { holderOf, isReuse, item, type Model } from './model.ts';
import { perform } from './perform.ts';
import { readPicture } from './picture.ts';
import { probe } from './probes.ts';
import { settle } from './settle.ts';
import { beginWorld, type Stage } from './world.ts';

/**
 * Runs a history in a world of its own. The actions of a batch run concurrently, and the batches one after the other. Every
 * access token and key is tried after each batch, and every refresh token at the end.
 * @throws Error with the whole history, and with what is wrong after its last batch
 */
export async function liveThrough(stage: Stage, batches: readonly (readonly Wish[])[]): Promise<void> {
  const world = await beginWorld(stage);
  const { handles, sql, place } = world;
  const told: string[] = [];
  let state: State = { model: world.model, handles };
  let passwords = 0;

  async function act(actions: readonly Action[]): Promise<void> {
    const { model } = state;
    const done: Done[] = await Promise.all(
      actions.map(async (action) => ({
        action,
        outcome: await perform({ ...world, handles: state.handles }, model, action),
      })),
    );
    told.push(done.map((one) => tell(model, one)).join('\n  together with '));
    await stopTheClock(sql, handles);
    const { complaints, ...rest } = explain(state, done, await readPicture(sql, handles));
    if ('after' in rest) state = rest.after;
    assertNone([...complaints, ...(await broken(sql, handles))]);
  }

  function assertNone(complaints: readonly string[]): void {
    if (complaints.length > 0) throw new Error(`${told.join('\n')}\n=> ${complaints.join('\n=> ')}`);
  }

  for (const batch of batches) {
    const actions = batch.flatMap((wish) => settle(state.model, wish, (passwords += 1)) ?? []);
    if (actions.length === 0) continue;
    await act(actions);
    assertNone(await probe(place.url, state));
  }
  for (const token of lastTries(state.model)) await act([{ do: 'refresh', token, tenant: null }]);
}

/** @returns all refresh tokens; those whose use ends a session come last */
function lastTries({ refreshTokens }: Model): number[] {
  const rank = (index: number): number => (isReuse(item(refreshTokens, index)) ? 1 : 0);
  return [...refreshTokens.keys()].toSorted((one, other) => rank(one) - rank(other));
}

/** `remove Cleo as Ada@0 (token 1) → FORBIDDEN` */
function tell(model: Model, { action, outcome }: Done): string {
  const words = Object.entries(action).flatMap(([field, value]) => {
    if (field === 'do') return [String(value)];
    if (field === 'person') return [item(model.people, Number(value)).name];
    if (field === 'as' && value !== null) {
      const { holder, tenant } = holderOf(model, Number(value));
      return [`as ${holder.name}@${tenant ?? 'lobby'} (token ${String(value)})`];
    }
    return [`${field} ${String(value)}`];
  });
  return `${words.join(' ')} → ${outcome.reason ?? 'done'}`;
}
