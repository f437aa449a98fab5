import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Handler } from 'hono';
import type { AppEnv } from '../middleware/request.ts';

/** The supported codings. If a client accepts several with the same weight, the first one here is used. */
const CODINGS = ['br', 'gzip'] as const;
type Coding = (typeof CODINGS)[number];

const COMPRESS = {
  // A quality above 6 takes seconds per megabyte and saves only some percent.
  br: (body: Buffer<ArrayBuffer>) =>
    promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } }),
  gzip: (body: Buffer<ArrayBuffer>) => promisify(gzip)(body, { level: 9 }),
} satisfies Record<Coding, (body: Buffer<ArrayBuffer>) => Promise<Buffer<ArrayBuffer>>>;

/**
 * Creates a handler for a file that is the same for every caller. The file is compressed once per coding. Clients may cache
 * it and must revalidate it at each use (`no-cache`, RFC 9111, 5.2.2.4). Never compress a response that
 * contains input of a caller (BREACH).
 */
export function serveAsset(body: Buffer<ArrayBuffer>, headers: Record<string, string>): Handler<AppEnv> {
  const digest = createHash('sha256').update(body).digest('base64url').slice(0, 27);
  const compressed = new Map<Coding, Promise<Buffer<ArrayBuffer>>>();
  const compress = (coding: Coding): Promise<Buffer<ArrayBuffer>> => {
    const made = compressed.get(coding) ?? COMPRESS[coding](body);
    compressed.set(coding, made);
    return made;
  };
  return async function asset(c) {
    const coding = chooseCoding(c.req.header('accept-encoding'));
    const bytes = coding === undefined ? body : await compress(coding);
    c.set('cacheControl', 'no-cache');
    return c.body(bytes, 200, {
      ...headers,
      // Set here because HEAD also needs it, and its response has no body to measure.
      'Content-Length': String(bytes.length),
      ETag: coding === undefined ? `"${digest}"` : `"${digest}-${coding}"`,
      Vary: 'Accept-Encoding',
      ...(coding !== undefined && { 'Content-Encoding': coding }),
    });
  };
}

/**
 * Chooses the coding with the highest weight in `Accept-Encoding` (RFC 9110, 12.5.3).
 * @returns `undefined` to send the bytes without compression: the client accepts no supported coding, or prefers `identity`
 */
export function chooseCoding(header: string | undefined): Coding | undefined {
  if (header === undefined) return undefined;
  const weights = new Map(
    header.split(',').map((part) => {
      const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
      const weight = parameters.find((text) => text.startsWith('q='));
      return [name, weight === undefined ? 1 : Number(weight.slice(2))] as const;
    }),
  );
  const weightOf = (name: string): number => weights.get(name) ?? weights.get('*') ?? 0;
  const [best] = CODINGS.filter((coding) => weightOf(coding) > 0).toSorted((a, b) => weightOf(b) - weightOf(a));
  if (best === undefined) return undefined;
  // If the header does not name `identity`, it is acceptable but has the lowest weight.
  const plain = weights.get('identity') ?? 0;
  return plain > weightOf(best) ? undefined : best;
}
