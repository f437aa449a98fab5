import { TRPCClientError, type Operation, type TRPCLink } from '@trpc/client';
import { observable } from '@trpc/server/observable';
import type { AppRouter } from '../routers/index.ts';
import type { Session } from './session.ts';
import { tokensIn } from './tokens.ts';

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
              if (!mayRenew || used === undefined || !isUnauthenticated(error) || NEEDS_NO_TOKEN.has(op.path)) {
                observer.error(error);
                return;
              }
              session.renew(used).then(
                (renewed) => {
                  if (over) return;
                  if (renewed === undefined) observer.error(error);
                  else attempt(false);
                },
                () => observer.error(error),
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

/** A switch of the tenant uses up the refresh token that the client holds, if the caller gives no other. */
function withRefreshToken(op: Operation, session: Session): Operation {
  const { path, input } = op;
  const refreshToken = session.tokens?.refreshToken;
  if (path !== 'auth.switchTenant' || refreshToken === undefined) return op;
  return typeof input === 'object' && input !== null ? { ...op, input: { refreshToken, ...input } } : op;
}

function isUnauthenticated(error: unknown): boolean {
  if (!(error instanceof TRPCClientError)) return false;
  const data: unknown = error.data;
  return typeof data === 'object' && data !== null && 'reason' in data && data.reason === 'UNAUTHENTICATED';
}
