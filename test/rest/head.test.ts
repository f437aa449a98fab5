import { beforeAll, expect, inject, test } from 'vitest';
import { signUpTenant, type Founder } from '../support/people.ts';
import { at, rest } from '../support/rest.ts';

// HEAD has the same headers as GET. Its Content-Length is 0 only if the body of GET is empty.
const place = inject('stack');
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(place);
});

interface Told {
  status: number;
  type: string | null;
  length: string | null;
}

async function ask(method: 'GET' | 'HEAD', path: string): Promise<Told> {
  const { status, headers, body } = await fetch(place.url + path, {
    method,
    headers: {
      authorization: `Bearer ${ada.tokens().accessToken}`,
      'x-tenant-slug': ada.slug,
      'accept-encoding': 'identity',
    },
  });
  await body?.cancel();
  return { status, type: headers.get('content-type'), length: headers.get('content-length') };
}

/** @returns every path with a GET in the document, with ids that do not exist */
async function documentedPaths(): Promise<string[]> {
  const response = await fetch(`${place.url}/openapi.json`);
  const document: unknown = await response.json();
  return Object.entries(at(document, 'paths') ?? {})
    .filter(([, item]) => at(item, 'get') !== undefined)
    .map(([path]) => `/api/v1${path.replaceAll(/\{\w+\}/g, '0190f7c2-0000-7000-8000-00000000000a')}`);
}

const PAGES = ['/docs', '/docs/init.js', '/docs/swagger-ui-bundle.js', '/verify-email', '/assets/page.css'];
const OTHERS = ['/livez', '/readyz', '/health', '/metrics', '/openapi.json', '/.well-known/jwks.json', '/nothing'];
const TRPC = [
  '/trpc/projects.list?input=%7B%7D',
  '/trpc/users.me,tenants.get?batch=1',
  '/trpc/nothing',
  '/trpc/auth.logout',
];

test('HEAD has the status, type and length of GET for every GET operation, and no length for a stream', async () => {
  const paths = [...(await documentedPaths()), ...PAGES, ...OTHERS, ...TRPC];
  expect(paths.length).toBeGreaterThan(30);
  for (const path of paths) {
    const [before, head, after] = [await ask('GET', path), await ask('HEAD', path), await ask('GET', path)];
    const { length, ...told } = head;
    expect([path, told]).toEqual([path, { status: before.status, type: before.type }]);
    expect(length, path).not.toBe('0');
    // The length of some answers changes from one second to the next.
    if (before.length === after.length) expect([path, length]).toEqual([path, before.length]);
  }
});

test('HEAD of a stream has no length, and leaves no stream open', async () => {
  for (let count = 0; count < 7; count += 1) {
    const path = `/trpc/tenants.onStatus?input=${encodeURIComponent(JSON.stringify({ slug: ada.slug }))}`;
    expect(await ask('HEAD', path)).toMatchObject({ status: 200, length: null });
  }
  expect(
    (await rest(place.url, 'GET', '/audit/export', { token: ada.tokens().accessToken, tenant: ada.slug })).status,
  ).toBe(200);
});
