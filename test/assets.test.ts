import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { expect, inject, test } from 'vitest';
import { chooseCoding } from '../src/pages/assets.ts';

const { url } = inject('stack');
const BUNDLE = '/docs/swagger-ui-bundle.js';

interface Got {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** The body as sent; fetch would decompress it. */
  body: Buffer;
}

function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, headers }, (answer) => {
      buffer(answer).then((body) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }), reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}

const UNPACK = { br: brotliDecompressSync, gzip: gunzipSync };

test.each(['br', 'gzip'] as const)(
  'a static file is served in %s to a client that accepts it, with the same content',
  async (coding) => {
    for (const path of [BUNDLE, '/docs/swagger-ui.css', '/assets/page.css', '/assets/mailed-link.js']) {
      const [plain, packed] = await Promise.all([get(path), get(path, { 'accept-encoding': coding })]);
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(packed.headers).toMatchObject({ 'content-encoding': coding, vary: 'Accept-Encoding' });
      expect(packed.headers['content-type']).toBe(plain.headers['content-type']);
      expect(packed.body.length).toBe(Number(packed.headers['content-length']));
      expect(UNPACK[coding](packed.body).equals(plain.body)).toBe(true);
      expect(packed.body.length).toBeLessThan(plain.body.length / 1.5);
    }
  },
);

test('a static file can be cached by clients, and is answered with 304 while it is unchanged', async () => {
  const tags = new Set<unknown>();
  for (const coding of ['identity', 'gzip', 'br']) {
    const headers = { 'accept-encoding': coding };
    const first = await get(BUNDLE, headers);
    const { etag } = first.headers;
    expect(first.headers['cache-control']).toBe('no-cache');
    tags.add(etag);
    for (const known of [String(etag), `"other", W/${String(etag)}`, '*']) {
      const again = await get(BUNDLE, { ...headers, 'if-none-match': known });
      expect([again.status, again.body.length]).toEqual([304, 0]);
      expect(again.headers).toMatchObject({ etag, 'cache-control': 'no-cache', vary: 'Accept-Encoding' });
    }
    expect((await get(BUNDLE, { ...headers, 'if-none-match': '"other"' })).status).toBe(200);
  }
  // Each encoding has an ETag of its own, so that a cache does not mix them up.
  expect(tags.size).toBe(3);
});

test('HEAD of a static file has the headers of GET, and no body', async () => {
  for (const coding of ['identity', 'gzip', 'br']) {
    const headers = { 'accept-encoding': coding };
    const [head, whole] = await Promise.all([get(BUNDLE, headers, 'HEAD'), get(BUNDLE, headers)]);
    const told = ['content-length', 'content-type', 'content-encoding', 'etag', 'vary', 'cache-control'];
    for (const name of told) expect([name, head.headers[name]]).toEqual([name, whole.headers[name]]);
    expect([head.status, head.body.length]).toEqual([200, 0]);
  }
});

test.each([
  [undefined, undefined],
  ['', undefined],
  ['gzip, deflate, br, zstd', 'br'],
  ['gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['br;q=0, gzip', 'gzip'],
  ['br;q=0.5, gzip;q=0.8', 'gzip'],
  ['*', 'br'],
  ['*;q=0', undefined],
  ['br;q=0, *', 'gzip'],
  ['gzip;q=0', undefined],
  ['gzip;q=0.000', undefined],
  ['identity, gzip;q=0.5', undefined],
  ['deflate', undefined],
  ['gzip;q=x', undefined],
] as const)('Accept-Encoding: %s gets %s', (header, coding) => {
  expect(chooseCoding(header)).toBe(coding);
});

test('answers of the API, pages and errors are neither compressed nor cached', async () => {
  for (const path of ['/openapi.json', '/docs', '/verify-email', '/api/v1/users/me', '/assets/none.js', '/health']) {
    const { headers } = await get(path, { 'accept-encoding': 'gzip, br', 'if-none-match': '*' });
    expect([path, headers['content-encoding'], headers['cache-control']]).toEqual([path, undefined, 'no-store']);
    expect(headers['etag']).toBeUndefined();
  }
});
