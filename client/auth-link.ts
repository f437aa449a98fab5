import { TRPCClientError, type Operation, type TRPCLink } from '@trpc/client';
import { observable } from '@trpc/server/observable';
import type { AppRouter } from '../routers/index.ts';
import type { Session } from './session.ts';
import { tokensIn } from './tokens.ts';
import { reasonOf } from './trade.ts';

/** The procedures whose answer is a new pair for this client. */
const GIVES_TOKENS = new Set(['auth.login', 'auth.refresh', 'auth.switchTenant', 'auth.changePassword']);
/** Those of them that need no access token: to renew it would not help them. */
const NEEDS_NO_TOKEN = new Set(['auth.login', 'auth.refresh']);
const ENDS_SESSION = new Set(['auth.logout', 'auth.logoutAll']);

/**
 * Keeps the session in step with what is called: takes the tokens of a login, drops them at a logout, and when a
 * call is refused as unauthenticated renews them and calls once more. A switch of the tenant gets the refresh token added.
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
                // Not that the call was refused, but that nothing could be done about it.
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

/** A switch of the tenant uses up the refresh token that the client holds, if the caller gives no other. */
function withRefreshToken(op: Operation, session: Session): Operation {
  const { path, input } = op;
  if (path !== 'auth.switchTenant' || typeof input !== 'object' || input === null) return op;
  const refreshToken = session.refreshToken();
  return refreshToken === undefined ? op : { ...op, input: { refreshToken, ...input } };
}
