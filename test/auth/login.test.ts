import { beforeAll, expect, inject, test } from 'vitest';
import { aTime, matching } from '../support/matchers.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, freshEmail, freshSlug, PASSWORD, type Founder } from '../support/people.ts';
import { at, reasonOf, rest } from '../support/rest.ts';

const place = inject('stack');
let founder: Founder;

beforeAll(async () => {
  founder = await signUpTenant(place);
});

const logIn = (body: Record<string, unknown>, tenant?: string) =>
  rest(place.url, 'POST', '/auth/login', {
    body: { email: founder.email, password: PASSWORD, ...body },
    ...(tenant !== undefined && { tenant }),
  });

test('a login answers with the tokens, the user and the tenant, and nothing else', async () => {
  const { status, body } = await logIn({ tenantSlug: founder.slug });
  expect(status).toBe(200);
  expect(body).toEqual({
    accessToken: matching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    refreshToken: matching(/^[\w-]{43}$/),
    tokenType: 'Bearer',
    expiresIn: 900,
    user: {
      id: founder.userId,
      email: founder.email,
      fullName: 'Ada Lovelace',
      createdAt: aTime,
    },
    tenant: { id: founder.tenantId, slug: founder.slug, name: 'Acme', status: 'ready', role: 'admin' },
  });
});

test('a login takes the tenant from the header if its body names none', async () => {
  expect(at((await logIn({}, founder.slug)).body, 'tenant', 'slug')).toBe(founder.slug);
});

test('a login takes the tenant from its body before that of the header', async () => {
  expect(at((await logIn({ tenantSlug: founder.slug }, freshSlug())).body, 'tenant', 'slug')).toBe(founder.slug);
});

test('a login without a tenant gives a lobby token, which is refused in every tenant', async () => {
  const { body } = await logIn({});
  expect(at(body, 'tenant')).toBeNull();
  const token = String(at(body, 'accessToken'));
  expect((await rest(place.url, 'GET', '/users/me', { token })).status).toBe(200);
  expect(reasonOf(await rest(place.url, 'GET', '/projects', { token, tenant: founder.slug }))).toBe('TENANT_MISMATCH');
});

test("a login into an unknown tenant and into another's tenant get the same refusal", async () => {
  const foreign = await signUpTenant(place);
  const answers = await Promise.all([
    logIn({ tenantSlug: foreign.slug }),
    logIn({ tenantSlug: freshSlug() }),
    logIn({ tenantSlug: 'a";drop' }),
  ]);
  for (const answer of answers) expect([answer.status, reasonOf(answer)]).toEqual([404, 'TENANT_NOT_FOUND']);
  expect(new Set(answers.map(({ body }) => at(body, 'detail'))).size).toBe(1);
});

test('a login with an unknown e-mail address and with a wrong password get the same refusal', async () => {
  const wrong = await logIn({ password: 'not-the-password-of-anyone' });
  const unknown = await logIn({ email: freshEmail('nobody') });
  expect([wrong.status, reasonOf(wrong)]).toEqual([401, 'INVALID_CREDENTIALS']);
  expect({ ...Object(unknown.body), requestId: '' }).toEqual({ ...Object(wrong.body), requestId: '' });
});

test('a login compares the password as it was sent: not trimmed, not case-folded, not truncated', async () => {
  for (const password of [
    ` ${PASSWORD}`,
    `${PASSWORD} `,
    PASSWORD.toUpperCase(),
    `${PASSWORD}\0`,
    PASSWORD.slice(0, -1),
  ]) {
    expect(reasonOf(await logIn({ password }))).toBe('INVALID_CREDENTIALS');
  }
});

test("a login answers with the user's own role in the tenant", async () => {
  const { login } = await addMember(place, founder);
  expect(login.tenant).toMatchObject({ slug: founder.slug, role: 'member' });
});
