import {
  createTRPCClient,
  httpBatchLink,
  httpBatchStreamLink,
  httpLink,
  isTRPCClientError,
  type TRPCClient,
  type TRPCLink,
} from '@trpc/client';
import { beforeAll, expect, inject, test } from 'vitest';
import type { AppRouter } from '../../client/index.ts';
import { nextMail, tokenIn } from '../support/mail.ts';
import { signUpTenant, freshEmail, freshSlug, PASSWORD, type Founder } from '../support/people.ts';
import { waitFor } from '../support/wait.ts';

const place = inject('stack');
const url = `${place.url}/trpc`;
let founder: Founder;

beforeAll(async () => {
  founder = await signUpTenant(place);
});

/** The requests of a client, by path. */
interface Wire {
  client: TRPCClient<AppRouter>;
  paths: string[];
}

type Options = {
  url: string;
  headers: () => Record<string, string>;
  fetch: (input: string | URL | Request, init?: object) => Promise<Response>;
};

const LINKS = {
  httpLink: (options: Options): TRPCLink<AppRouter> => httpLink(options),
  httpBatchLink: (options: Options): TRPCLink<AppRouter> => httpBatchLink(options),
  httpBatchStreamLink: (options: Options): TRPCLink<AppRouter> => httpBatchStreamLink(options),
};

type LinkName = keyof typeof LINKS;
const NAMES = ['httpLink', 'httpBatchLink', 'httpBatchStreamLink'] as const satisfies readonly LinkName[];

function through(name: LinkName, headers: () => Record<string, string> = insideHeaders): Wire {
  const paths: string[] = [];
  const link = LINKS[name]({
    url,
    headers,
    fetch: (input, init) => {
      paths.push(new URL(input instanceof Request ? input.url : input).pathname);
      return fetch(input, init);
    },
  });
  return { client: createTRPCClient<AppRouter>({ links: [link] }), paths };
}

const insideHeaders = () => ({
  authorization: `Bearer ${founder.tokens().accessToken}`,
  'x-tenant-slug': founder.slug,
});

for (const name of NAMES) {
  test(`the quick start works through tRPC's own ${name} alone`, async () => {
    let headers: Record<string, string> = {};
    const { client } = through(name, () => headers);
    const [email, slug] = [freshEmail(), freshSlug()];
    await client.auth.register.mutate({
      email,
      password: PASSWORD,
      fullName: 'Ada',
      tenantName: 'Acme',
      tenantSlug: slug,
    });
    await client.auth.verifyEmail.mutate({ token: tokenIn(await nextMail(place.mailDir, email)) });
    const login = await client.auth.login.mutate({ email, password: PASSWORD, tenantSlug: slug });
    headers = { authorization: `Bearer ${login.accessToken}`, 'x-tenant-slug': slug };
    await waitFor('the tenant', async () => (await client.tenants.status.query({ slug })).status === 'ready');

    const made = await client.projects.create.mutate({ name: 'Apollo' });
    expect((await client.projects.list.query({})).items).toEqual([made]);
    expect(await client.projects.get.query({ id: made.id })).toEqual(made);
    expect((await client.projects.update.mutate({ id: made.id, name: 'Apollo 2' })).name).toBe('Apollo 2');
    await client.projects.delete.mutate({ id: made.id });
    expect((await client.projects.list.query({})).items).toEqual([]);
  });
}

for (const name of ['httpBatchLink', 'httpBatchStreamLink'] as const) {
  test(`calls made together through ${name} travel in one request, and each fails alone`, async () => {
    const { client, paths } = through(name);
    const [me, missing, invalid, list] = await Promise.allSettled([
      client.users.me.query(),
      client.projects.get.query({ id: crypto.randomUUID() }),
      client.projects.get.query({ id: 'not-an-id' }),
      client.projects.list.query({ limit: 1 }),
    ]);
    expect(paths).toEqual(['/trpc/users.me,projects.get,projects.get,projects.list']);
    expect(me).toMatchObject({ status: 'fulfilled', value: { id: founder.userId } });
    expect(list.status).toBe('fulfilled');
    expect([missing, invalid].map(reasonOfRejection)).toEqual(['NOT_FOUND', 'VALIDATION_FAILED']);
  });
}

test('a typed client reads the reason, the status and the request id of an error', async () => {
  const refused = await through('httpLink', () => ({ 'x-request-id': 'typed-client-01' }))
    .client.users.me.query()
    .catch((error: unknown) => error);
  if (!isTRPCClientError<AppRouter>(refused)) throw new Error('No error of tRPC');
  expect(refused.data).toMatchObject({
    code: 'UNAUTHORIZED',
    httpStatus: 401,
    reason: 'UNAUTHENTICATED',
    requestId: 'typed-client-01',
  });
});

function reasonOfRejection(result: PromiseSettledResult<unknown>): unknown {
  if (result.status === 'fulfilled') return undefined;
  const error: unknown = result.reason;
  return isTRPCClientError<AppRouter>(error) ? error.data?.reason : error;
}
