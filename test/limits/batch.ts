import { at, trpc, type Answer } from '../support/rest.ts';
import { freshAddress, times } from './answers.ts';

const TEN_EMPTY = encodeURIComponent(JSON.stringify(Object.fromEntries(times(10, {}).entries())));

/** @returns a function that makes ten calls of one query in one batch */
export function tenAt({ url }: { url: string }) {
  return (procedure: string, from: string, who: { token?: string; tenant?: string } = {}): Promise<Answer> =>
    trpc(url, 'query', `${times(10, procedure).join(',')}?batch=1&input=${TEN_EMPTY}`, {
      ...who,
      headers: { 'x-forwarded-for': from },
    });
}

/** @returns the different reasons in the answers of a batch */
export function reasons({ body }: Answer): unknown[] {
  const all = Array.isArray(body) ? body.map((one: unknown) => at(one, 'error', 'data', 'reason')) : [body];
  return [...new Set(all)];
}

/** @returns a function that makes calls of one mutation in one batch, and returns the reason of each, or `done` */
export function mutateAt({ url }: { url: string }) {
  return async (
    procedure: string,
    bodies: readonly object[],
    who: { token?: string; tenant?: string; from?: string },
  ): Promise<string[]> => {
    const { from = freshAddress(), ...caller } = who;
    const { body } = await trpc(url, 'mutation', `${bodies.map(() => procedure).join(',')}?batch=1`, {
      ...caller,
      body: Object.fromEntries(bodies.entries()),
      headers: { 'x-forwarded-for': from },
    });
    const answers: unknown[] = Array.isArray(body) ? body : [body];
    return answers.map((one) => {
      const reason = at(one, 'error', 'data', 'reason');
      return typeof reason === 'string' ? reason : 'done';
    });
  };
}

export function countOf(outcomes: readonly string[], reason: string): number {
  return outcomes.filter((one) => one === reason).length;
}
