import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Handler } from 'hono';
import type { AppEnv } from '../middleware/request.ts';

/** In the order of our choice between codings that a client likes as much. */
const CODINGS = ['br', 'gzip'] as const;
type Coding = (typeof CODINGS)[number];

const COMPRESS = {
  // Above 6 a megabyte takes seconds, for some percent less.
  br: (body: Buffer<ArrayBuffer>) =>
    promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } }),
  gzip: (body: Buffer<ArrayBuffer>) => promisify(gzip)(body, { level: 9 }),
} satisfies Record<Coding, (body: Buffer<ArrayBuffer>) => Promise<Buffer<ArrayBuffer>>>;

/**
 * Serves a file that is the same for everyone: compressed, once, where the client takes that, and to be kept by clients,
 * who ask each time whether it is still the same (RFC 9111, 5.2.2.4). Nothing that a caller has a say in is compressed
 * (BREACH).
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
      // A HEAD has it too, and it has no body to be counted.
      'Content-Length': String(bytes.length),
      ETag: coding === undefined ? `"${digest}"` : `"${digest}-${coding}"`,
      Vary: 'Accept-Encoding',
      ...(coding !== undefined && { 'Content-Encoding': coding }),
    });
  };
}

/** What a client likes best of our codings (RFC 9110, 12.5.3), or nothing where it likes the bytes as they are as much or none of them. */
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
  // Unless it is named, it is taken, and liked less than what is named.
  const plain = weights.get('identity') ?? 0;
  return plain > weightOf(best) ? undefined : best;
}
