import { callTRPCProcedure, TRPCError, type AnyTRPCProcedure } from '@trpc/server';
import { Hono, type Context as HonoContext } from 'hono';
import type { BlockList } from 'node:net';
import { z } from 'zod';
import { AppError } from '../../core/errors.ts';
import type { Context, Services } from '../../routers/procedures/context.ts';
import { reportOf } from '../../routers/procedures/errors.ts';
import { appRouter } from '../../routers/index.ts';
import type { Meta } from '../../routers/procedures/trpc.ts';
import { isJson } from '../middleware/body.ts';
import { problemResponse } from './problem.ts';
import { decodeQuery, type QueryDecoder } from './query.ts';
import { rateLimitHeaders } from '../middleware/rate-limit-headers.ts';
import { factsOf, type AppEnv } from '../middleware/request.ts';
import type { Served } from '../middleware/wrong-method.ts';

export const REST_PATH = '/api/v1';

/** A procedure that is also a REST operation. */
export interface RestProcedure {
  path: string;
  type: AnyTRPCProcedure['_def']['type'];
  meta: Meta & { openapi: NonNullable<Meta['openapi']> };
  /** The zod schema of the input, if it takes any. */
  input: z.ZodType | undefined;
}

/** Returns the procedures that are also REST operations, in the order of their declaration. */
export function restProcedures(): RestProcedure[] {
  // At run time this is a flat record by dotted path. Its type says that it is nested.
  const { procedures }: { procedures: object } = appRouter._def;
  return Object.entries(procedures).flatMap(([path, procedure]: [string, unknown]) => {
    if (!isProcedure(procedure)) return [];
    const { _def } = procedure;
    const { meta } = _def;
    if (!hasMeta(meta) || !meta.openapi) return [];
    const inputs: unknown[] = 'inputs' in _def && Array.isArray(_def.inputs) ? _def.inputs : [];
    const input = inputs.find((parser) => parser instanceof z.ZodType);
    return [{ path, type: _def.type, meta: { ...meta, openapi: meta.openapi }, input }];
  });
}

function isProcedure(value: unknown): value is AnyTRPCProcedure {
  return typeof value === 'function' && '_def' in value;
}

/** `AnyTRPCProcedure` does not have the type of `meta`. */
function hasMeta(meta: unknown): meta is Meta {
  return typeof meta === 'object' && meta !== null;
}

/**
 * Serves the procedures as a REST API. Each request calls the procedure through tRPC, so all checks run in the same order,
 * and the body is parsed only when the procedure asks for its input. docs/decisions/0003 explains why the handler of
 * trpc-to-openapi is not used.
 */
export function restMount(services: Services, trustedProxies: BlockList): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  for (const procedure of restProcedures()) {
    const { openapi, successStatus = 200 } = procedure.meta;
    const decoder = procedure.input && decodeQuery(procedure.input);
    app.on(openapi.method, routeOf(openapi.path), async (c) => {
      const request = factsOf(c, trustedProxies);
      try {
        if (!procedure.input) refuseOtherTypes(c);
        const output: unknown = await callTRPCProcedure({
          router: appRouter,
          path: procedure.path,
          type: procedure.type,
          ctx: { ...services, request },
          getRawInput: () => readInput(c, procedure, decoder),
          signal: c.req.raw.signal,
          batchIndex: 0,
        });
        const headers = rateLimitHeaders(request.counts);
        return successStatus === 204
          ? c.body(null, 204, headers)
          : Response.json(output, { status: successStatus, headers });
      } catch (error) {
        return problemOf({ ...services, request }, procedure.path, error);
      }
    });
  }
  return app;
}

/** Returns the routes of `restMount`, relative to `REST_PATH`. */
export function restRoutes(): Served[] {
  return restProcedures().map(({ meta: { openapi } }) => ({ method: openapi.method, path: routeOf(openapi.path) }));
}

/** Converts a path from OpenAPI's syntax to Hono's. */
function routeOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** Returns the problem details of an error that a call threw. Logs the error if it is `INTERNAL`. */
export function problemOf({ log, request }: Context, path: string, error: unknown): Response {
  const cause = error instanceof TRPCError ? error : new TRPCError({ code: 'INTERNAL_SERVER_ERROR', cause: error });
  const report = reportOf(cause);
  if (report.reason === 'INTERNAL') log.error({ err: error, path, requestId: request.id }, 'call failed');
  return problemResponse(report, request.id, rateLimitHeaders(request.counts));
}

/** Refuses a form even where no input is read, because a page of another site can send forms (CSRF). */
function refuseOtherTypes(c: HonoContext<AppEnv>): void {
  const type = c.req.header('content-type');
  if (type !== undefined && c.req.method !== 'GET' && !isJson(type)) {
    c.set('refused', 'UNSUPPORTED_MEDIA_TYPE');
    throw new TRPCError({ code: 'UNSUPPORTED_MEDIA_TYPE' });
  }
}

/** Reads the input: the path parameters, and the query of GET and DELETE or the JSON body of other methods. */
async function readInput(
  c: HonoContext,
  { input, meta }: RestProcedure,
  decoder: QueryDecoder | undefined,
): Promise<unknown> {
  if (!input || !decoder) return undefined;
  const { method } = meta.openapi;
  if (method === 'GET' || method === 'DELETE') return withPath(decoder(c.req.queries()), c.req.param());
  const text = await c.req.text();
  if (text === '' && Object.keys(c.req.param()).length > 0) return c.req.param();
  if (!isJson(c.req.header('content-type'))) throw new TRPCError({ code: 'UNSUPPORTED_MEDIA_TYPE' });
  const body = parseJson(text);
  // The schema of the procedure refuses a body that is no object.
  return isPlainObject(body) ? withPath(body, c.req.param()) : body;
}

/** Adds the path parameters. @throws AppError `VALIDATION_FAILED` if the body or query has another value for one of them */
function withPath(input: Record<string, unknown>, path: Record<string, string>): Record<string, unknown> {
  const names = Object.keys(path).filter((name) => Object.hasOwn(input, name) && !isSame(input[name], path[name]));
  if (names.length === 0) return { ...input, ...path };
  const issues = names.map((name) => ({ path: [name], message: 'must be the same as in the path, or omitted' }));
  throw new AppError('VALIDATION_FAILED', 'The input is not valid. See issues for details.', { issues });
}

/** Compares ids, which are not case-sensitive. */
function isSame(one: unknown, other: string | undefined): boolean {
  return typeof one === 'string' && one.toLowerCase() === other?.toLowerCase();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TRPCError({ code: 'PARSE_ERROR', cause });
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
