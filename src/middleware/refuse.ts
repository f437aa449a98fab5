import type { Context } from 'hono';
import type { AppError } from '../../core/errors.ts';
import { reportOf, toTRPCError } from '../../routers/procedures/errors.ts';
import { problemResponse } from '../rest/problem.ts';
import type { AppEnv } from './request.ts';
import { TRPC_PATH, trpcError } from '../trpc/mount.ts';

/** Returns the error response in the format of the API that was called: tRPC's envelope, or problem details. */
export function refuse(c: Context<AppEnv>, error: AppError): Response {
  const { requestId } = c.var;
  c.set('refused', error.reason);
  if (c.req.path.startsWith(`${TRPC_PATH}/`)) return trpcError(error, requestId);
  return problemResponse(reportOf(toTRPCError(error)), requestId);
}
