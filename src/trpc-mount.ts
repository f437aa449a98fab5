import { TRPCError } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import type { Context as HonoContext } from 'hono';
import type { BlockList } from 'node:net';
import type { AppError } from '../core/errors.ts';
import type { Services } from '../routers/context.ts';
import { reportOf, toTRPCError } from '../routers/errors.ts';
import { appRouter } from '../routers/index.ts';
import { isJson } from './body.ts';
import { errorHeaders } from './problem.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';
import { factsOf, type AppEnv } from './request.ts';

/** Calls in one batch at most. */
const BATCH = 10;
const METHODS = new Set(['GET', 'HEAD', 'POST']);
export const TRPC_PATH = '/trpc';

/** Serves the routers as tRPC: single calls, batches, and streams. */
export function trpcMount(services: Services, trustedProxies: BlockList) {
  return async function serveTrpc(c: HonoContext<AppEnv>): Promise<Response> {
    const request = factsOf(c, trustedProxies);
    if (!METHODS.has(c.req.method)) {
      return trpcError(new TRPCError({ code: 'METHOD_NOT_SUPPORTED' }), request.id);
    }
    if (c.req.method === 'POST' && !isJson(c.req.header('content-type'))) {
      return trpcError(new TRPCError({ code: 'UNSUPPORTED_MEDIA_TYPE' }), request.id);
    }
    // A request that tRPC can't read as a whole is refused before it has a context: without a request id, and not as JSON.
    let unreadable: TRPCError | undefined;
    const response = await fetchRequestHandler({
      endpoint: TRPC_PATH,
      req: c.req.raw,
      router: appRouter,
      maxBatchSize: BATCH,
      createContext: () => ({ ...services, request }),
      responseMeta: ({ errors }) => ({
        headers: {
          ...Object.fromEntries(errors.flatMap((error) => Object.entries(errorHeaders(reportOf(error))))),
          ...rateLimitHeaders(request.counts),
        },
      }),
      onError({ error, path, ctx }) {
        if (ctx === undefined) unreadable = error;
        if (reportOf(error).reason === 'INTERNAL') {
          services.log.error({ err: error.cause ?? error, path, requestId: request.id }, 'call failed');
        }
      },
    });
    return unreadable ? trpcError(unreadable, request.id) : response;
  };
}

/** An error in tRPC's own envelope, for what is refused before tRPC sees it. */
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
      },
    },
  };
  return Response.json(body, { status: report.status, headers: errorHeaders(report) });
}
