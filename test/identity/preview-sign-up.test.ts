import { afterAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { callOn, MOUNTS, resultOf } from '../support/mounts.ts';
import { freshEmail } from '../support/people.ts';
import { at, reasonOf } from '../support/rest.ts';
import { signUpsAt, VICTIM } from './address-sign-ups.ts';
import { outcomeOf } from './outcomes.ts';

const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
afterAll(() => owner[Symbol.asyncDispose]());
const { signUp, bothSignUp, verify, preview } = signUpsAt(place);

test.each(MOUNTS)(
  'the preview of a verification link shows tenant, time and whether it needs a password, and changes nothing, by %s',
  async (mount) => {
    const { email, theirs, own } = await bothSignUp();
    const rows = () => owner.sql<{ slug: string; createdAt: Date; row: string }[]>`
      select t.slug, s.created_at as "createdAt", s.xmin::text || s::text as row
      from public.sign_ups s join public.tenants t on t.id = s.tenant_id where s.email = ${email} order by s.id`;
    const before = await rows();
    for (const [index, { token, tenantSlug }] of [theirs, own].entries()) {
      for (const time of ['once', 'again']) {
        const answer = await callOn(mount, place.url, 'auth.previewSignUp', { body: { token } });
        expect([time, resultOf(mount, answer)]).toEqual([
          time,
          {
            tenantName: 'Acme',
            tenantSlug,
            signedUpAt: before[index]?.createdAt.toISOString(),
            needsPassword: true,
          },
        ]);
      }
    }
    expect(await rows()).toEqual(before);
    expect(outcomeOf(await verify(own.token, VICTIM))).toBe('done');
    for (const { token } of [theirs, own]) {
      expect(reasonOf(await callOn(mount, place.url, 'auth.previewSignUp', { body: { token } }))).toBe('TOKEN_INVALID');
    }
  },
);

test.each([
  ['forged', 'select $1::text'],
  ['verified', 'update public.sign_ups set verified_at = now(), password_hash = null where email = $1'],
  ['voided', 'update public.sign_ups set voided_at = now() where email = $1'],
  ['7 days old', "update public.sign_ups set created_at = now() - interval '7 days' where email = $1"],
  ['of an expired link', 'update public.sign_ups set verification_expires_at = now() where email = $1'],
  [
    'of an address with an account',
    `insert into public.users (id, email, full_name, password_hash)
     select gen_random_uuid(), $1, 'Ada', password_hash from public.sign_ups where email = $1`,
  ],
])('the preview of a sign-up that is %s is refused like its verification', async (what, change) => {
  const email = freshEmail();
  const { token } = await signUp(email, VICTIM, 1);
  expect(outcomeOf(await preview(token))).toBe('done');
  await owner.sql.unsafe(change, [email]);
  const given = what === 'forged' ? `${token.split('.')[0]}.${'A'.repeat(43)}` : token;
  const refusals = [await preview(given), await verify(given, VICTIM)];
  expect(refusals.map(outcomeOf)).toEqual(['TOKEN_INVALID', 'TOKEN_INVALID']);
  const [detail, other] = refusals.map(({ body }) => at(body, 'detail'));
  expect(detail).toBe(other);
});
