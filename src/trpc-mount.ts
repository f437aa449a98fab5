import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import type { Context as HonoContext } from 'hono';
import type { BlockList } from 'node:net';
import { AppError } from '../core/errors.ts';
import type { Services } from '../routers/context.ts';
import { reportOf, toTRPCError } from '../routers/errors.ts';
import { appRouter } from '../routers/index.ts';
import { isJson } from './body.ts';
import { errorHeaders } from './problem.ts';
import { factsOf, type AppEnv } from './request.ts';

/** Calls in one batch at most. */
const BATCH = 10;
export const TRPC_PATH = '/trpc';

/** Serves the routers as tRPC: single calls, batches, and streams. */
export function trpcMount(services: Services, trustedProxies: BlockList) {
  return async function serveTrpc(c: HonoContext<AppEnv>): Promise<Response> {
    const request = factsOf(c, trustedProxies);
    if (c.req.method === 'POST' && !isJson(c.req.header('content-type'))) {
      return trpcError(
        new AppError('UNSUPPORTED_MEDIA_TYPE', 'Send JSON, with content-type: application/json.'),
        request.id,
      );
    }
    return await fetchRequestHandler({
      endpoint: TRPC_PATH,
      req: c.req.raw,
      router: appRouter,
      maxBatchSize: BATCH,
      createContext: () => ({ ...services, request }),
      responseMeta: ({ errors }) => ({
        headers: Object.fromEntries(errors.flatMap((error) => Object.entries(errorHeaders(reportOf(error))))),
      }),
      onError({ error, path }) {
        if (reportOf(error).reason === 'INTERNAL') {
          services.log.error({ err: error.cause ?? error, path, requestId: request.id }, 'call failed');
        }
      },
    });
  };
}

/** An error in tRPC's own envelope, for what is refused before tRPC sees it. */
export function trpcError(error: AppError, requestId: string): Response {
  const report = reportOf(toTRPCError(error));
  const body = {
    error: {
      message: report.message,
      code: -32600,
      data: { code: toTRPCError(error).code, httpStatus: report.status, reason: report.reason, requestId },
    },
  };
  return Response.json(body, { status: report.status, headers: errorHeaders(report) });
}
