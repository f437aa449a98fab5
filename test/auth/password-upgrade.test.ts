import { hash } from '@node-rs/argon2';
import { expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { signUpTenant, logIn, PASSWORD } from '../support/people.ts';

const place = inject('stack');

/** A hash with older parameters: 8 MiB and one pass. */
const weak = () => hash(PASSWORD, { memoryCost: 8192, timeCost: 1, parallelism: 1 });

test('a login upgrades a password hash with weaker parameters, also when several log in at once', async () => {
  const { email, userId } = await signUpTenant(place);
  await using owner = connect(place.databaseOwnerUrl);
  const stored = async (): Promise<unknown> => {
    const [row] = await owner.sql`select password_hash from public.users where id = ${userId}`;
    return row?.['password_hash'];
  };
  await owner.sql`update public.users set password_hash = ${await weak()} where id = ${userId}`;

  await expect(logIn(place, { email, password: 'not-the-password-at-all' })).rejects.toMatchObject({
    data: { reason: 'INVALID_CREDENTIALS' },
  });
  expect(await stored()).toContain('$m=8192,t=1,p=1$');

  await Promise.all(Array.from({ length: 8 }, () => logIn(place, { email })));
  const upgraded = await stored();
  expect(upgraded).toContain('$m=19456,t=2,p=1$');
  await logIn(place, { email });
  expect(await stored()).toBe(upgraded);
});
