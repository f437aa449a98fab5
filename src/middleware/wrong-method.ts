import type { Hono } from 'hono';
import { AppError } from '../../core/errors.ts';
import { reportOf, toTRPCError } from '../../routers/procedures/errors.ts';
import { problemResponse } from '../rest/problem.ts';
import type { AppEnv } from './request.ts';

/** A path as Hono has it, and one of the methods that it is called by. */
export interface Served {
  method: string;
  path: string;
}

/** Whether a part of the path is the caller's to fill in. */
export const isTemplate = ({ path }: Served): boolean => path.includes(':');

/**
 * Answers 405 with `Allow` where an address has other methods than the one it is called by (RFC 9110, 15.5.6). A plain path
 * comes before the templates that fit it too, as OpenAPI reads them: so plain ones go before what is served, templates after.
 */
export function refuseWrongMethods(app: Hono<AppEnv>, served: readonly Served[]): void {
  for (const path of new Set(served.map((one) => one.path))) {
    const methods = served.filter((one) => one.path === path).map(({ method }) => method);
    // Whatever answers GET answers HEAD.
    const allowed = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
    const allow = allowed.join(', ');
    app.all(path, async (c, next) => {
      if (allowed.includes(c.req.method)) return await next();
      const error = new AppError('METHOD_NOT_SUPPORTED', `This path does not support this method. Use ${allow}.`);
      c.set('refused', error.reason);
      return problemResponse(reportOf(toTRPCError(error)), c.var.requestId, { Allow: allow });
    });
  }
}
