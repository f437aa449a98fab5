import type { BlockList } from 'node:net';
import type { MiddlewareHandler } from 'hono';
import { AppError } from '../../core/errors.ts';
import type { Mount } from '../../core/metrics/server.ts';
import type { Services } from '../../routers/procedures/context.ts';
import { byAddress, createSpent, take, type CountedCall } from '../../routers/procedures/limits.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';
import { refuse } from './refuse.ts';
import { factsOf, type AppEnv } from './request.ts';

type ApiMount = Exclude<Mount, 'other'>;
type Charset = 'utf-8' | 'us-ascii';

/** The supported charsets of a body. ASCII is a subset of UTF-8. */
const CHARSETS: ReadonlyMap<string, Charset> = new Map([
  ['utf-8', 'utf-8'],
  ['utf8', 'utf-8'],
  ['us-ascii', 'us-ascii'],
  ['ascii', 'us-ascii'],
]);
/** A parameter of a media type (RFC 9110, 5.6.6). */
const PARAMETER = /;\s*([^\s;=]+)\s*=\s*(?:"([^"]*)"\s*(?=;|$)|([^;]*))/g;
/** A run of percent-encoded bytes. */
const ENCODED = /(?:%[\da-f]{2})+/gi;
/** A JSON escape. The group matches a lone surrogate. */
const ESCAPE = /\\(?:ud[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}|(ud[89a-f][\da-f]{2})|[^])/gi;
/** U+FFFD. Bun writes it in place of URL bytes that are neither percent-encoded nor UTF-8. */
const REPLACED = '%EF%BF%BD';

/**
 * Refuses a request whose text is not well-formed UTF-8, or whose charset or encoding is not supported. Otherwise a decoder
 * would silently replace characters of the input. The whole body is read here once, and later code reads the checked text.
 * This check runs before the limits of the procedure, so it counts a refused request for the client's address itself.
 * @param mount `trpc` also has JSON in its query strings
 */
export function wellFormed(mount: ApiMount, services: Services, trustedProxies: BlockList): MiddlewareHandler<AppEnv> {
  return async function checkText(c, next) {
    try {
      c.req.raw = await checked(c.req.raw, mount);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // The request reaches no procedure, so only the limits that apply to all procedures count it.
      const ctx = { ...services, request: factsOf(c, trustedProxies), spent: createSpent('none') };
      const response = refuse(c, await counted(ctx, error));
      for (const [name, value] of Object.entries(rateLimitHeaders(ctx.request.counts))) {
        response.headers.set(name, value);
      }
      return response;
    }
    return await next();
  };
}

/** Counts a refused request for its address. @returns the error to answer: `refusal`, or `RATE_LIMITED` over the limit */
async function counted(ctx: CountedCall, refusal: AppError): Promise<AppError> {
  try {
    await take(ctx, byAddress(ctx));
    return refusal;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** @throws AppError `VALIDATION_FAILED`, `UNSUPPORTED_MEDIA_TYPE` */
async function checked(request: Request, mount: ApiMount): Promise<Request> {
  const { url, method, headers, body } = request;
  assertAddress(url, mount);
  if (method === 'GET' || method === 'HEAD') return request;
  assertIdentity(headers.get('content-encoding') ?? '');
  const charset = charsetOf(headers.get('content-type') ?? '');
  if (!body) return request;
  const text = textOf(await request.bytes(), charset);
  if (hasLoneSurrogate(text)) throw illFormed('The request body');
  return new Request(request, { method, body: text });
}

function assertAddress(url: string, mount: ApiMount): void {
  if (!url.includes('%')) return;
  if (url.toUpperCase().includes(REPLACED)) throw illFormed('The URL');
  for (const [run] of url.matchAll(ENCODED)) {
    try {
      decodeURIComponent(run);
    } catch {
      throw illFormed('The URL');
    }
  }
  if (mount === 'rest' || !/%5c|\\/i.test(url)) return;
  for (const [, value] of new URL(url).searchParams) if (hasLoneSurrogate(value)) throw illFormed('The URL');
}

function assertIdentity(contentEncoding: string): void {
  const codings = contentEncoding.split(',').map((coding) => coding.trim().toLowerCase());
  if (codings.every((coding) => coding === '' || coding === 'identity')) return;
  throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'Content-Encoding is not supported. Send the body without compression.');
}

/** Returns the charset of a media type. The default is UTF-8. */
function charsetOf(contentType: string): Charset {
  const named = new Set(
    Array.from(contentType.matchAll(PARAMETER))
      .filter(([, name = '']) => /^charset(\*|$)/i.test(name))
      .map(([, , quoted, plain = '']) => CHARSETS.get((quoted ?? plain).trim().toLowerCase())),
  );
  if (named.has(undefined)) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'This charset is not supported. Send JSON in UTF-8.');
  }
  return named.has('us-ascii') ? 'us-ascii' : 'utf-8';
}

/** Decodes a body. It drops a leading byte order mark, as RFC 8259 (8.1) allows. */
function textOf(bytes: Uint8Array, charset: Charset): string {
  if (charset === 'us-ascii' && bytes.some((byte) => byte > 0x7f)) throw illFormed('The request body', 'US-ASCII');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw illFormed('The request body');
  }
}

/** Whether JSON has an escape for a lone surrogate, in a string or a key. UTF-8 cannot represent a lone surrogate. */
function hasLoneSurrogate(json: string): boolean {
  if (!/\\ud[89a-f]/i.test(json)) return false;
  return Array.from(json.matchAll(ESCAPE)).some(([, lone]) => lone !== undefined);
}

function illFormed(what: string, form = 'UTF-8'): AppError {
  return new AppError('VALIDATION_FAILED', `${what} is not well-formed ${form}.`, {
    issues: [{ path: [], message: `must be well-formed ${form}` }],
  });
}
