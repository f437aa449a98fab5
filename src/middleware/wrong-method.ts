import type { Hono } from 'hono';
import { AppError } from '../../core/errors.ts';
import { reportOf, toTRPCError } from '../../routers/procedures/errors.ts';
import { problemResponse } from '../rest/problem.ts';
import type { AppEnv } from './request.ts';

/** A path in Hono's syntax, and one method that it accepts. */
export interface Served {
  method: string;
  path: string;
}

/** Whether the path has parameters. */
export const isTemplate = ({ path }: Served): boolean => path.includes(':');

/**
 * Answers 405 with `Allow` if a path exists but does not accept the method (RFC 9110, 15.5.6). A plain path has precedence
 * over a template that also matches it, as in OpenAPI. So call this with plain paths before the handlers are registered, and
 * with templates after that.
 */
export function refuseWrongMethods(app: Hono<AppEnv>, served: readonly Served[]): void {
  for (const path of new Set(served.map((one) => one.path))) {
    const methods = served.filter((one) => one.path === path).map(({ method }) => method);
    // Hono also answers HEAD on a path that has GET.
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
