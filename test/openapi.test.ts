import { Validator } from '@seriousme/openapi-schema-validator';
import { beforeAll, expect, inject, test } from 'vitest';
import { aNumber, oneOf } from './support/matchers.ts';
import { deviationOf, operationsOf, readOpenApi } from './support/openapi.ts';
import { signUpTenant, freshEmail, freshSlug, logIn, PASSWORD, type Founder } from './support/people.ts';
import { at, rest, type Call } from './support/rest.ts';

const place = inject('stack');

const openApi = await readOpenApi(place.url);
const { raw, document } = openApi;
const operations = operationsOf(openApi);
let founder: Founder;

beforeAll(async () => {
  founder = await signUpTenant(place);
});

test('the document is valid OpenAPI 3.1', async () => {
  expect(document.openapi).toMatch(/^3\.1\./);
  const { valid, errors } = await new Validator().validate(structuredClone(raw));
  expect([valid, errors]).toEqual([true, undefined]);
});

/** @returns every schema in a part of the document, with its path */
function schemasIn(part: unknown, path: string): { path: string; schema: object }[] {
  if (typeof part !== 'object' || part === null) return [];
  return [{ path, schema: part }, ...Object.entries(part).flatMap(([key, one]) => schemasIn(one, `${path}/${key}`))];
}

test('each object and each enum is a named component, so that generated clients have a type for it', () => {
  const nameless = schemasIn(raw, '#').filter(({ path, schema }) => {
    if (/\/(properties|schemas\/\w+|allOf\/\d+)$/.test(path)) return false;
    const choices = at(schema, 'enum');
    return at(schema, 'type') === 'object'
      ? at(schema, 'properties') !== undefined
      : Array.isArray(choices) && choices.length > 1;
  });
  expect(nameless.map(({ path }) => path)).toEqual([]);
});

test('a single value is documented as an enum of one, and never as a const', () => {
  expect(schemasIn(raw, '#').filter(({ schema }) => at(schema, 'const') !== undefined)).toEqual([]);
});

test('each answer but 204 has a documented body, so that generated clients keep the types of errors', () => {
  const silent = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, { responses }]) =>
      Object.entries(responses).flatMap(([status, { content }]) => (content ? [] : [`${method} ${path} ${status}`])),
    ),
  );
  expect(silent.filter((name) => !name.endsWith(' 204'))).toEqual([]);
});

test('each operation has a unique operationId, and tokens are bearer tokens', () => {
  const ids = Object.values(document.paths).flatMap((item) =>
    Object.values(item).map(({ operationId }) => operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
  expect(document.components.securitySchemes).toEqual({
    bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  });
});

test('each documented operation is served at its path', async () => {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of Object.keys(item)) {
      const { status } = await rest(place.url, method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'x'));
      expect({ path, method, status }).toEqual({ path, method, status: oneOf([400, 401, 415]) });
    }
  }
});

/** Calls an operation, and checks the answer against the document. */
async function expectDocumented(name: string, call: Call = {}, values: Record<string, string> = {}): Promise<unknown> {
  const [method = '', path = ''] = name.split(' ');
  const answer = await rest(
    place.url,
    method,
    path.replaceAll(/\{(\w+)\}/g, (_, key: string) => values[key] ?? key),
    call,
  );
  const operation = operations.get(name);
  if (!operation) throw new Error(`${name} is not documented`);
  expect([name, deviationOf(openApi, operation, answer)]).toEqual([name, undefined]);
  return answer.body;
}

test('the answers of the quick start, from sign-up to the deletion of a project, are as documented', async () => {
  const { email, password, slug } = founder;
  const fresh = {
    email: freshEmail(),
    password: PASSWORD,
    fullName: 'Ada',
    tenantName: 'Acme',
    tenantSlug: freshSlug(),
  };
  await expectDocumented('POST /auth/register', { body: fresh });
  await expectDocumented('POST /auth/resend-verification', { body: { email: fresh.email } });
  const login = await expectDocumented('POST /auth/login', { body: { email, password, tenantSlug: slug } });
  await expectDocumented('POST /auth/login', { body: { email, password } });
  await expectDocumented('POST /auth/refresh', { body: { refreshToken: at(login, 'refreshToken') } });

  const token = String(at(login, 'accessToken'));
  const inside = { token, tenant: slug };
  await expectDocumented('GET /users/me', { token });
  await expectDocumented('GET /users/me/tenants', { token });
  await expectDocumented('POST /tenants', { token, body: { name: 'Second', slug: freshSlug() } });
  await expectDocumented('GET /tenants/{slug}/status', { token }, { slug });
  await expectDocumented('GET /tenants/current', inside);
  const project = await expectDocumented('POST /projects', { ...inside, body: { name: 'Apollo' } });
  const values = { id: String(at(project, 'id')) };
  await expectDocumented('GET /projects', inside);
  await expectDocumented('GET /projects/{id}', inside, values);
  await expectDocumented('PATCH /projects/{id}', { ...inside, body: { description: null } }, values);
  await expectDocumented('DELETE /projects/{id}', inside, values);
  await expectDocumented('POST /auth/logout', { token: (await logIn(place, founder)).tokens().accessToken });
});

test('errors are as documented', async () => {
  const tenant = founder.slug;
  const token = founder.tokens().accessToken;
  await expectDocumented('GET /users/me');
  await expectDocumented('GET /projects', { token });
  await expectDocumented('GET /projects/{id}', { token, tenant }, { id: crypto.randomUUID() });
  await expectDocumented('POST /projects', { token, tenant, body: { name: '', more: 1 } });
  await expectDocumented('POST /auth/verify-email', { body: { token: 'x' } });
  const weak = {
    email: freshEmail(),
    password: 'passwordpassword',
    fullName: 'Ada',
    tenantName: 'Acme',
    tenantSlug: freshSlug(),
  };
  expect(await expectDocumented('POST /auth/register', { body: weak })).toMatchObject({
    reason: 'PASSWORD_TOO_WEAK',
    score: aNumber,
  });
});
