import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { signUpTenant, freshSlug, type Founder } from '../support/people.ts';
import { rest, type Answer } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { meet } from './meeting.ts';
import { outcomeOf, outcomesOf } from './outcomes.ts';

// A slug belongs to one tenant, even after the tenant has changed it and for concurrent calls.
const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
let ada: Founder;
let ben: Founder;

beforeAll(async () => {
  [ada, ben] = await Promise.all([signUpTenant(place), signUpTenant(place)]);
});
afterAll(() => owner[Symbol.asyncDispose]());

async function slugOf({ tenantId }: Founder): Promise<string> {
  const [row] = await owner.sql<{ slug: string }[]>`select slug from public.tenants where id = ${tenantId}`;
  return row?.slug ?? '';
}

const moveTo = async (founder: Founder, slug: string): Promise<Answer> =>
  await rest(place.url, 'PATCH', '/tenants/current', {
    token: founder.tokens().accessToken,
    tenant: await slugOf(founder),
    body: { slug },
  });
const register = (tenantSlug: string): Promise<Answer> =>
  rest(place.url, 'POST', '/auth/register', { body: { ...freshSignUp(), tenantSlug } });

test('two tenants that take one slug at the same time do not both get it', async () => {
  for (let round = 0; round < 4; round += 1) {
    const slug = freshSlug('both');
    expect(outcomesOf(await Promise.all([moveTo(ada, slug), moveTo(ben, slug)]))).toEqual(['SLUG_TAKEN', 'done']);
    const slugs = [await slugOf(ada), await slugOf(ben)];
    expect(slugs.filter((one) => one === slug)).toHaveLength(1);
  }
});

test('a slug that a tenant is just leaving goes neither to another tenant nor to a new one', async () => {
  for (let round = 0; round < 4; round += 1) {
    const left = await slugOf(ada);
    const answers = await Promise.all([moveTo(ada, freshSlug('left')), moveTo(ben, left), register(left)]);
    expect(answers.map(outcomeOf)).toEqual(['done', 'SLUG_TAKEN', 'SLUG_TAKEN']);
  }
});

test('a call that waited for a slug since before its tenant left it does not get it', async () => {
  const [left, next] = [await slugOf(ada), freshSlug('next')];
  // The same statements as updateTenant, in a transaction that stays open until the other calls wait for it.
  const answers = await meet(place, {
    lock: async (tx) => {
      await tx`update public.tenants set slug = ${next} where id = ${ada.tenantId}`;
      await tx`insert into public.former_slugs (slug, tenant_id) values (${left}, ${ada.tenantId})`;
    },
    calls: () => Promise.all([moveTo(ben, left), register(left)]),
    waiting: 2,
  });
  expect(answers.map(outcomeOf)).toEqual(['SLUG_TAKEN', 'SLUG_TAKEN']);
});

test('two tenants that swap their slugs at the same time both keep their own', async () => {
  const [a, b] = [await slugOf(ada), await slugOf(ben)];
  // Both calls go on once each has locked its own row. Then each needs the row of the other.
  const answers = await meet(place, {
    lock: (tx) => tx`select from public.tenants where id in ${tx([ada.tenantId, ben.tenantId])} for update`,
    calls: () => Promise.all([moveTo(ada, b), moveTo(ben, a)]),
    waiting: 2,
  });
  expect(answers.map(outcomeOf)).toEqual(['SLUG_TAKEN', 'SLUG_TAKEN']);
  expect([await slugOf(ada), await slugOf(ben)]).toEqual([a, b]);
});
