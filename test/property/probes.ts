import { item, holderOf, refusedInTenant } from './model.ts';
import { rest } from '../support/rest.ts';
import type { State } from './explain.ts';
import { refusalIn } from './perform.ts';

/**
 * Tries every access token and key that was ever issued, on `users.me` and in its tenant.
 * @returns a line for each answer that differs from the model
 */
export async function probe(url: string, { model, handles }: State): Promise<string[]> {
  const ask = async (who: string, path: string, call: { token: string; tenant: string }, expected?: string) => {
    const answer = await rest(url, 'GET', path, call);
    const reason = refusalIn(answer);
    return reason === expected ? [] : [`${who} gets ${shown(reason)} from ${path}, should get ${shown(expected)}`];
  };
  const lines = await Promise.all([
    ...model.accessTokens.flatMap((_, index) => {
      const { holder, tenant, live } = holderOf(model, index);
      const call = { token: item(handles.accessTokens, index), tenant: handles.slugs[tenant ?? 0] };
      const who = `${holder.name} with token ${index}`;
      const refused = refusedInTenant(model, index);
      return [
        ask(who, '/users/me', call, live ? undefined : 'UNAUTHENTICATED'),
        ask(who, '/projects?limit=1', call, refused),
        // A call for admins only shows the role that the server uses.
        ...(refused === undefined
          ? [ask(who, '/api-keys?limit=1', call, refusedInTenant(model, index, ['admin']))]
          : []),
      ];
    }),
    ...model.keys.flatMap(({ tenant, revoked }, index) => {
      const call = { token: item(handles.keys, index).key, tenant: handles.slugs[tenant] };
      const who = `Key ${index}`;
      return [
        ask(who, '/users/me', call, revoked ? 'UNAUTHENTICATED' : 'FORBIDDEN'),
        ask(who, '/projects?limit=1', call, revoked ? 'UNAUTHENTICATED' : undefined),
      ];
    }),
  ]);
  return lines.flat();
}

function shown(reason: string | undefined): string {
  return reason ?? 'let in';
}
