import { initTRPC } from '@trpc/server';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import type { OpenApiMeta } from 'trpc-to-openapi';
import type { AuditSubject } from '../../core/audit/actions.ts';
import { AppError, findCause, type Reason } from '../../core/errors.ts';
import type { CallerKind } from '../../db/entering/callers.ts';
import type { Context } from './context.ts';
import { reportOf, toTRPCError } from './errors.ts';

/** The metadata of a procedure: its REST operation, who may call it, and the names in its audit rows. */
export interface Meta extends OpenApiMeta {
  /** The access level, set by the procedure that it is built on. */
  access?: 'public' | 'user' | 'member' | 'admin' | 'superuser';
  /** Other kinds of callers that it admits. In the lobby, an assumed identity may only read. */
  admits?: readonly Exclude<CallerKind, 'session'>[];
  /** The status of a successful REST response. Defaults to 200. */
  successStatus?: 201 | 202 | 204;
  /** The reasons of its errors, for the OpenAPI document, in addition to those of all procedures of its access level. */
  refusals?: readonly Reason[];
  /** The action and entity type of its audit rows. Every procedure needs one, because denied calls are recorded too. */
  audit?: AuditSubject;
}

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    // Pings keep a quiet stream open: the server closes a connection that is idle for READER_SECONDS, at least 10 s.
    sse: { ping: { enabled: true, intervalMs: 3_000 }, client: { reconnectAfterInactivityMs: 10_000 } },
    errorFormatter({ error, shape, ctx }) {
      const { reason, status, message, issues, password, retryAfter } = reportOf(error);
      // An error inside a stream passes no middleware, so it is converted here. Otherwise a refusal would be sent as a 5xx
      // error, and the client would reconnect.
      const refusal = findCause(error, (cause) => cause instanceof AppError);
      const code = refusal ? toTRPCError(refusal).code : shape.data.code;
      return {
        code: TRPC_ERROR_CODES_BY_KEY[code],
        message,
        data: {
          code,
          httpStatus: status,
          reason,
          requestId: ctx?.request.id,
          ...(shape.data.path !== undefined && { path: shape.data.path }),
          ...(issues && { issues }),
          // For errors inside a stream, when its headers are already sent. Other responses have `Retry-After`.
          ...(retryAfter !== undefined && { retryAfter }),
          ...password,
        },
      };
    },
  });

export const { router } = t;

/** Converts an `AppError` that the procedure threw to a `TRPCError`. */
const withTRPCErrors = t.middleware(async ({ next }) => {
  const result = await next();
  if (result.ok) return result;
  const refusal = findCause(result.error, (cause) => cause instanceof AppError);
  throw refusal ? toTRPCError(refusal) : result.error;
});

export const baseProcedure = t.procedure.use(withTRPCErrors);
