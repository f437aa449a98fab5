import { afterAll, expect, inject, test } from 'vitest';
import { startOwnServer } from '../support/own-server.ts';

const ORIGIN = 'https://app.example';
const APP = 'capacitor://localhost';
const server = await startOwnServer(inject('stack'), {
  CORS_ORIGINS: `${ORIGIN},${APP}`,
  CORS_HEADERS: 'baggage, Sentry-Trace',
});
afterAll(() => server[Symbol.asyncDispose]());

const PATHS = ['/api/v1/users/me', '/trpc/users.me', '/api/v1/nothing', '/openapi.json'];

function ask(path: string, method: string, origin: string): Promise<Response> {
  const headers = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'x-tenant-slug',
  };
  return fetch(`${server.url}${path}`, { method, headers });
}

test('a configured origin can call, send its tenant, and read the rate limit headers', async () => {
  for (const path of PATHS) {
    const preflight = await ask(path, 'OPTIONS', ORIGIN);
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(preflight.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('x-tenant-slug');
    const { headers } = await ask(path, 'GET', ORIGIN);
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(headers.get('access-control-expose-headers')).toContain('RateLimit-Remaining');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(headers.get('vary')?.toLowerCase()).toContain('origin');
  }
});

test('a configured origin with a scheme of its own can call', async () => {
  for (const method of ['OPTIONS', 'GET']) {
    expect((await ask('/api/v1/users/me', method, APP)).headers.get('access-control-allow-origin')).toBe(APP);
  }
});

test('a configured origin can send the headers of CORS_HEADERS and of Atrium, and no others', async () => {
  const allowed = (await ask('/trpc/users.me', 'OPTIONS', ORIGIN)).headers.get('access-control-allow-headers') ?? '';
  const names = allowed.toLowerCase().split(',');
  expect(names).toEqual(expect.arrayContaining(['baggage', 'sentry-trace', 'authorization']));
  expect(names).not.toContain('*');
  expect(names).not.toContain('cookie');
});

test.each([`${ORIGIN}.evil.example`, 'http://app.example', `${ORIGIN}:8443`, 'https://APP.example', 'null'])(
  'the origin %s, which only looks like a configured one, cannot call',
  async (origin) => {
    for (const path of PATHS) {
      for (const method of ['OPTIONS', 'GET']) {
        expect((await ask(path, method, origin)).headers.get('access-control-allow-origin')).toBeNull();
      }
    }
  },
);
