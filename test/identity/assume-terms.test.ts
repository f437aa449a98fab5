import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { addMember } from '../support/members.ts';
import { signUpTenant, logIn, type Founder } from '../support/people.ts';
import { at, reasonOf, rest, type Answer } from '../support/rest.ts';
import { meet } from './meeting.ts';
import { outcomeOf } from './outcomes.ts';

// The conditions under which an operator may assume an identity.
const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
const REASON = 'Ticket 4711';
let ada: Founder;
let ben: Founder;
let root: Awaited<ReturnType<typeof logIn>>;

beforeAll(async () => {
  [ada, ben, root] = await Promise.all([signUpTenant(place), signUpTenant(place), logIn(place, place.superuser)]);
});
afterAll(() => owner[Symbol.asyncDispose]());

const assume = (userId: string, more: object = {}): Promise<Answer> =>
  rest(place.url, 'POST', '/admin/assume-identity', {
    token: root.login.accessToken,
    body: { userId, tenantSlug: ada.slug, reason: REASON, ...more },
  });

test('an identity cannot be assumed in a tenant that the user is no member of', async () => {
  expect(outcomeOf(await assume(ben.userId))).toBe('NOT_FOUND');
});

test('assuming an identity needs a reason of ten visible characters', async () => {
  for (const reason of [
    '',
    'Ticket 47',
    `Ticket 47${' '.repeat(10)}`,
    ' '.repeat(20),
    'a b c d e f g h i',
    '\u200b'.repeat(20),
  ]) {
    expect([reason, outcomeOf(await assume(ada.userId, { reason }))]).toEqual([reason, 'VALIDATION_FAILED']);
  }
});

test('an assumed identity is read-only and lasts 15 minutes by default', async () => {
  const { body } = await assume(ada.userId);
  expect(body).toMatchObject({ mode: 'read', expiresIn: 900 });
  const call = { token: String(at(body, 'accessToken')), tenant: ada.slug };
  const made = await rest(place.url, 'POST', '/projects', { ...call, body: { name: 'Not mine' } });
  expect(reasonOf(made)).toBe('READ_ONLY_IDENTITY');
  const [row] = await owner.sql`
    select extract(epoch from expires_at - created_at)::int as seconds from public.assumed_identities
    where id = ${String(at(body, 'id'))}`;
  expect(Math.abs(Number(row?.['seconds']) - 900)).toBeLessThanOrEqual(5);
});

test('an identity is not assumed if the tenant withdraws its consent at the same time', async () => {
  const answer = await meet(place, {
    lock: (tx) => tx`update public.tenants set allow_assumed_identity = false where id = ${ada.tenantId}`,
    calls: () => assume(ada.userId),
  });
  await owner.sql`update public.tenants set allow_assumed_identity = true where id = ${ada.tenantId}`;
  expect(outcomeOf(answer)).toBe('FORBIDDEN');
});

test('an identity is not assumed if the member is removed or disabled at the same time', async () => {
  const [removed, disabled] = [await addMember(place, ada), await addMember(place, ada)];
  const late = await meet(place, {
    lock: (tx) => tx`delete from public.user_tenant_membership where user_id = ${removed.userId}`,
    calls: () => assume(removed.userId),
  });
  const later = await meet(place, {
    lock: (tx) => tx`update public.users set disabled_at = now() where id = ${disabled.userId}`,
    calls: () => assume(disabled.userId),
  });
  expect([outcomeOf(late), outcomeOf(later)]).toEqual(['NOT_FOUND', 'FORBIDDEN']);
});
