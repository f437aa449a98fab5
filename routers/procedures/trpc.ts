import { initTRPC } from '@trpc/server';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import type { OpenApiMeta } from 'trpc-to-openapi';
import type { AuditSubject } from '../../core/audit/actions.ts';
import { AppError, findCause, type Reason } from '../../core/errors.ts';
import type { CallerKind } from '../../db/entering/callers.ts';
import type { Context } from './context.ts';
import { reportOf, toTRPCError } from './errors.ts';

/** What stands beside a procedure: its REST twin, and what its rows in the audit log are called. */
export interface Meta extends OpenApiMeta {
  /** Who may call it; set by the procedure it is built on. */
  access?: 'public' | 'user' | 'member' | 'admin' | 'superuser';
  /** Who may call it beside people in their own name; an assumed identity only reads where no table is the tenant's. */
  admits?: readonly Exclude<CallerKind, 'session'>[];
  /** The REST answer's status when all went well; 200 if not said. */
  successStatus?: 201 | 202 | 204;
  /** What it refuses for beside what all procedures of its access level do: these stand in the OpenAPI document. */
  refusals?: readonly Reason[];
  /** Every procedure has one: what is denied is written down too. */
  audit?: AuditSubject;
}

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    // A stream is kept open by pings more often than Bun's idle timeout of 10 s.
    sse: { ping: { enabled: true, intervalMs: 3_000 }, client: { reconnectAfterInactivityMs: 10_000 } },
    errorFormatter({ error, shape, ctx }) {
      const { reason, status, message, issues, password, retryAfter } = reportOf(error);
      // A stream's error comes here as it was thrown, by no middleware: it must not pass for one of ours (5xx), after
      // which a client connects again.
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
          // For what comes by a stream, whose headers are gone; `Retry-After` says it elsewhere.
          ...(retryAfter !== undefined && { retryAfter }),
          ...password,
        },
      };
    },
  });

export const { router } = t;

/** Gives an `AppError` thrown further in its tRPC code. */
const named = t.middleware(async ({ next }) => {
  const result = await next();
  if (result.ok) return result;
  const refusal = findCause(result.error, (cause) => cause instanceof AppError);
  throw refusal ? toTRPCError(refusal) : result.error;
});

export const baseProcedure = t.procedure.use(named);
