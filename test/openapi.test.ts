import { Validator } from '@seriousme/openapi-schema-validator';
import { beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { aNumber, oneOf } from './support/matchers.ts';
import { signUpTenant, freshEmail, freshSlug, logIn, PASSWORD, type Founder } from './support/people.ts';
import { at, rest, type Call } from './support/rest.ts';

const place = inject('stack');

const operationSchema = z.looseObject({
  operationId: z.string(),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z
    .array(z.looseObject({ in: z.string(), name: z.string(), required: z.boolean().optional() }))
    .default([]),
  responses: z.record(
    z.string(),
    z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.looseObject({}) })).optional() }),
  ),
});
const documentSchema = z.looseObject({
  openapi: z.string(),
  servers: z.array(z.looseObject({ url: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.looseObject({
    schemas: z.record(z.string(), z.unknown()),
    securitySchemes: z.record(z.string(), z.unknown()),
  }),
});

let raw: Record<string, unknown>;
let document: z.infer<typeof documentSchema>;
let founder: Founder;

beforeAll(async () => {
  const response = await fetch(`${place.url}/openapi.json`);
  raw = z.record(z.string(), z.unknown()).parse(await response.json());
  document = documentSchema.parse(withComponents(raw, raw['components']));
  founder = await signUpTenant(place);
});

/** A part of the document with the parameters and responses in place of the references to them. */
function withComponents(part: unknown, components: unknown): unknown {
  if (Array.isArray(part)) return part.map((one: unknown) => withComponents(one, components));
  if (typeof part !== 'object' || part === null) return part;
  const [, kind = '', name = ''] =
    /^#\/components\/(parameters|responses)\/(\w+)$/.exec(String(at(part, '$ref'))) ?? [];
  if (name !== '') return at(components, kind, name);
  return Object.fromEntries(Object.entries(part).map(([key, one]) => [key, withComponents(one, components)]));
}

/** Each operation of the contract that is built: its status when all goes well, and what a caller must send. */
const OPERATIONS: Record<string, [status: string, needs?: 'token' | 'tenant']> = {
  'POST /auth/register': ['202'],
  'GET /auth/verify-email/preview': ['200'],
  'POST /auth/verify-email': ['200'],
  'POST /auth/resend-verification': ['202'],
  'POST /auth/login': ['200'],
  'POST /auth/refresh': ['200'],
  'POST /auth/logout': ['204', 'token'],
  'GET /users/me': ['200', 'token'],
  'GET /users/me/tenants': ['200', 'token'],
  'POST /tenants': ['202', 'token'],
  'GET /tenants/current': ['200', 'tenant'],
  'GET /tenants/{slug}/status': ['200', 'token'],
  'POST /projects': ['201', 'tenant'],
  'GET /projects': ['200', 'tenant'],
  'GET /projects/{id}': ['200', 'tenant'],
  'PATCH /projects/{id}': ['200', 'tenant'],
  'DELETE /projects/{id}': ['204', 'tenant'],
  'POST /admin/tenants/{slug}/retry': ['202', 'token'],
};

const operationAt = (name: string) => {
  const [method = '', path = ''] = name.split(' ');
  return document.paths[path]?.[method.toLowerCase()];
};

test('the document is valid OpenAPI 3.1', async () => {
  expect(document.openapi).toMatch(/^3\.1\./);
  const { valid, errors } = await new Validator().validate(structuredClone(raw));
  expect([valid, errors]).toEqual([true, undefined]);
});

for (const [name, [status, needs]] of Object.entries(OPERATIONS)) {
  test(`${name} stands in the document, as it is served`, () => {
    const operation = operationAt(name);
    if (!operation) throw new Error(`${name} is not documented`);
    const statuses = Object.keys(operation.responses);
    // No `default`: a refusal that nobody thought of must not pass for documented.
    expect(statuses.filter((one) => !/^[45]\d\d$/.test(one))).toEqual([status]);
    expect(statuses).toEqual(expect.arrayContaining(['413', '429', '500', '503', ...(needs ? ['401', '403'] : [])]));
    expect(operation.security).toEqual(needs === undefined ? [] : [{ bearer: [] }]);
    const header = operation.parameters.find(
      (parameter) => parameter.in === 'header' && parameter.name === 'X-Tenant-Slug',
    );
    expect(header?.required ?? false).toBe(needs === 'tenant');
    const inPath = operation.parameters
      .filter((parameter) => parameter.in === 'path')
      .map((parameter) => `{${parameter.name}}`);
    expect(inPath).toEqual(name.match(/\{\w+\}/g) ?? []);
  });
}

/** Every schema in a part of the document, with the place where it stands. */
function schemasIn(part: unknown, path: string): { path: string; schema: object }[] {
  if (typeof part !== 'object' || part === null) return [];
  return [{ path, schema: part }, ...Object.entries(part).flatMap(([key, one]) => schemasIn(one, `${path}/${key}`))];
}

test('each object and each choice of values has a name among the components, which clients have a type for', () => {
  const nameless = schemasIn(raw, '#').filter(({ path, schema }) => {
    if (/\/(properties|schemas\/\w+|allOf\/\d+)$/.test(path)) return false;
    const choices = at(schema, 'enum');
    return at(schema, 'type') === 'object'
      ? at(schema, 'properties') !== undefined
      : Array.isArray(choices) && choices.length > 1;
  });
  expect(nameless.map(({ path }) => path)).toEqual([]);
});

test('a single value is written as a choice of one, and nothing as a constant', () => {
  expect(schemasIn(raw, '#').filter(({ schema }) => at(schema, 'const') !== undefined)).toEqual([]);
});

test('each answer but 204 has a body that is described, so that no client loses the type of its errors', () => {
  const silent = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, { responses }]) =>
      Object.entries(responses).flatMap(([status, { content }]) => (content ? [] : [`${method} ${path} ${status}`])),
    ),
  );
  expect(silent.filter((name) => !name.endsWith(' 204'))).toEqual([]);
});

test('each operation has a name of its own, and tokens are bearer tokens', () => {
  const ids = Object.values(document.paths).flatMap((item) =>
    Object.values(item).map(({ operationId }) => operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
  expect(document.components.securitySchemes).toEqual({
    bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  });
});

test('each operation is served: none of them is at an address where there is nothing', async () => {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of Object.keys(item)) {
      const { status } = await rest(place.url, method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'x'));
      expect({ path, method, status }).toEqual({ path, method, status: oneOf([400, 401, 415]) });
    }
  }
});

/** Calls an operation, and checks the answer against what the document says of it. */
async function expectDocumented(name: string, call: Call = {}, values: Record<string, string> = {}): Promise<unknown> {
  const [method = '', path = ''] = name.split(' ');
  const answer = await rest(
    place.url,
    method,
    path.replaceAll(/\{(\w+)\}/g, (_, key: string) => values[key] ?? key),
    call,
  );
  const operation = operationAt(name);
  const { content } = operation?.responses[String(answer.status)] ?? {};
  const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
  if (content === undefined) {
    expect([type, answer.body]).toEqual(['', undefined]);
    return undefined;
  }
  const schema = content[type]?.schema;
  if (schema === undefined) throw new Error(`${name}: nothing is said of ${answer.status} as ${type}`);
  const checked = z.fromJSONSchema(resolved(schema)).safeParse(answer.body);
  expect(`${name} ${answer.status} ${checked.error?.message ?? 'as documented'}`).toBe(
    `${name} ${answer.status} as documented`,
  );
  return answer.body;
}

/** A schema with the document's components at hand, where its references point. */
function resolved(schema: object): Record<string, unknown> {
  const whole = JSON.stringify({ ...schema, $defs: document.components.schemas });
  return z.record(z.string(), z.unknown()).parse(JSON.parse(whole.replaceAll('#/components/schemas/', '#/$defs/')));
}

test('what is answered is what is documented, from a sign-up to the last project', async () => {
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

test('errors are what is documented', async () => {
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
