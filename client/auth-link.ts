import { TRPCClientError, type Operation, type TRPCLink } from '@trpc/client';
import { observable } from '@trpc/server/observable';
import type { AppRouter } from '../routers/index.ts';
import type { Session } from './session.ts';
import { tokensIn } from './tokens.ts';
import { reasonOf } from './exchange.ts';

/** The procedures that return a new pair of tokens for this client. */
const GIVES_TOKENS = new Set(['auth.login', 'auth.refresh', 'auth.switchTenant', 'auth.changePassword']);
/** These procedures use no access token, so a new one would not change their result. */
const NEEDS_NO_TOKEN = new Set(['auth.login', 'auth.refresh']);
const ENDS_SESSION = new Set(['auth.logout', 'auth.logoutAll']);

/**
 * A tRPC link that keeps the session up to date. It stores the tokens of a login and removes them at a logout. If a call
 * fails with `UNAUTHENTICATED`, it refreshes the tokens and repeats the call once. It adds the refresh token to
 * `auth.switchTenant`.
 */
export function authLink(session: Session): TRPCLink<AppRouter> {
  return () =>
    ({ op, next }) =>
      observable((observer) => {
        let current: { unsubscribe(): void } | undefined;
        let over = false;

        function attempt(mayRenew: boolean): void {
          const used = session.tokens?.accessToken;
          current = next(withRefreshToken(op, session)).subscribe({
            next(envelope) {
              if (GIVES_TOKENS.has(op.path) && 'data' in envelope.result) {
                const tokens = tokensIn(envelope.result.data);
                if (tokens) session.set(tokens);
              }
              if (ENDS_SESSION.has(op.path)) session.set(undefined);
              observer.next(envelope);
            },
            error(error) {
              if (
                !mayRenew ||
                used === undefined ||
                reasonOf(error) !== 'UNAUTHENTICATED' ||
                NEEDS_NO_TOKEN.has(op.path)
              ) {
                observer.error(error);
                return;
              }
              session.renew(used).then(
                (renewed) => {
                  if (over) return;
                  if (renewed === undefined) observer.error(error);
                  else attempt(false);
                },
                // The error of the refresh is more useful to the caller than `UNAUTHENTICATED`.
                (failure: unknown) => observer.error(TRPCClientError.from(asError(failure))),
              );
            },
            complete: () => observer.complete(),
          });
        }

        attempt(true);
        return () => {
          over = true;
          current?.unsubscribe();
        };
      });
}

function asError(failure: unknown): Error {
  return failure instanceof Error ? failure : new Error('The tokens could not be refreshed', { cause: failure });
}

/** Adds the client's refresh token to the input of `auth.switchTenant`, if the caller gave none. */
function withRefreshToken(op: Operation, session: Session): Operation {
  const { path, input } = op;
  if (path !== 'auth.switchTenant' || typeof input !== 'object' || input === null) return op;
  const refreshToken = session.refreshToken();
  return refreshToken === undefined ? op : { ...op, input: { refreshToken, ...input } };
}
