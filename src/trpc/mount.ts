import { TRPCError } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import type { Context as HonoContext } from 'hono';
import type { BlockList } from 'node:net';
import { AppError, findCause } from '../../core/errors.ts';
import { UNKNOWN_PROCEDURE } from '../../core/metrics/server.ts';
import type { Services } from '../../routers/procedures/context.ts';
import { reportOf, toTRPCError } from '../../routers/procedures/errors.ts';
import { appRouter } from '../../routers/index.ts';
import { isJson } from '../middleware/body.ts';
import { errorHeaders } from '../rest/problem.ts';
import { rateLimitHeaders } from '../middleware/rate-limit-headers.ts';
import { correctOutcome, factsOf, type AppEnv } from '../middleware/request.ts';

/** The most calls in one batch. */
const BATCH = 10;
const METHODS = new Set(['GET', 'HEAD', 'POST']);
export const TRPC_PATH = '/trpc';
const PROCEDURES = new Set(Object.keys(appRouter._def.procedures));

/** Serves the procedures over tRPC: single calls, batches and streams. */
export function trpcMount(services: Services, trustedProxies: BlockList) {
  return async function serveTrpc(c: HonoContext<AppEnv>): Promise<Response> {
    const request = factsOf(c, trustedProxies);
    const refuse = (error: TRPCError): Response => {
      c.set('refused', reportOf(error).reason);
      return trpcError(error, request.id);
    };
    if (!METHODS.has(c.req.method)) return refuse(new TRPCError({ code: 'METHOD_NOT_SUPPORTED' }));
    if (c.req.method === 'POST' && !isJson(c.req.header('content-type'))) {
      return refuse(new TRPCError({ code: 'UNSUPPORTED_MEDIA_TYPE' }));
    }
    // tRPC refuses an unreadable request before it creates a context. That answer has no request id and is not JSON, so it
    // is replaced below.
    let unreadable: TRPCError | undefined;
    const response = await fetchRequestHandler({
      endpoint: TRPC_PATH,
      // tRPC answers every HEAD with 204.
      req: c.req.method === 'HEAD' ? new Request(c.req.raw, { method: 'GET' }) : c.req.raw,
      router: appRouter,
      maxBatchSize: BATCH,
      createContext: () => ({ ...services, request }),
      responseMeta: ({ errors }) => ({
        headers: {
          ...Object.fromEntries(errors.flatMap((error) => Object.entries(errorHeaders(reportOf(error))))),
          ...rateLimitHeaders(request.counts),
        },
      }),
      onError({ error, path, ctx, type }) {
        if (ctx === undefined) unreadable = error;
        const { reason } = reportOf(error);
        if (ctx !== undefined && isRefusedByTrpc(error)) {
          // One name for all unknown paths, so that clients cannot create metrics labels.
          const procedure = path !== undefined && PROCEDURES.has(path) ? path : UNKNOWN_PROCEDURE;
          request.calls.push({ procedure, outcome: reason, milliseconds: 0 });
        }
        // An open stream failed. Only this callback learns of it.
        if (type === 'subscription' && path !== undefined) correctOutcome(request, path, reason);
        if (reason === 'INTERNAL') {
          services.log.error({ err: error.cause ?? error, path, requestId: request.id }, 'call failed');
        }
      },
    });
    return unreadable ? refuse(unreadable) : response;
  };
}

/** Whether tRPC refused a call before it reached a procedure. All other calls are recorded by the procedure's middleware. */
function isRefusedByTrpc(error: TRPCError): boolean {
  const early = error.code === 'NOT_FOUND' || error.code === 'METHOD_NOT_SUPPORTED';
  return early && !findCause(error, (cause) => cause instanceof AppError);
}

/** Returns an error in tRPC's envelope, for a request that is refused before tRPC reads it. */
export function trpcError(refusal: AppError | TRPCError, requestId: string): Response {
  const error = refusal instanceof TRPCError ? refusal : toTRPCError(refusal);
  const report = reportOf(error);
  const body = {
    error: {
      message: report.message,
      code: -32600,
      data: {
        code: error.code,
        httpStatus: report.status,
        reason: report.reason,
        requestId,
        ...(report.issues && { issues: report.issues }),
        ...(report.retryAfter !== undefined && { retryAfter: report.retryAfter }),
      },
    },
  };
  return Response.json(body, { status: report.status, headers: errorHeaders(report) });
}
