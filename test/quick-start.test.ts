import { expect, inject, test } from 'vitest';
import { signUpTenant } from './support/people.ts';

const place = inject('stack');

test('a new user can register, verify, log in and work in a tenant of their own', async () => {
  const { client } = await signUpTenant(place);

  const made = await client.projects.create.mutate({ name: 'Apollo' });
  expect(await client.projects.get.query({ id: made.id })).toEqual(made);
  const changed = await client.projects.update.mutate({ id: made.id, description: 'To the moon' });
  expect(changed).toMatchObject({ name: 'Apollo', description: 'To the moon' });
  expect((await client.projects.list.query({})).items).toEqual([changed]);
  await client.projects.delete.mutate({ id: made.id });
  expect((await client.projects.list.query({})).items).toEqual([]);
});
