import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { callOn, MOUNTS, resultOf, type Mount, type Procedure } from '../support/mounts.ts';
import { logIn } from '../support/people.ts';
import { foundPair, type Housed } from '../support/pool-tenants.ts';
import { at, reasonOf } from '../support/rest.ts';

// Two tenants that hold the same ids are called over HTTP by members of one of them, and by a member of both.
const stack = inject('stack');
const owner = connect(stack.databaseOwnerUrl);
const shared = [randomUUID(), randomUUID()].toSorted();
const adasOwn = randomUUID();
const bensOwn = randomUUID();
let ada: Housed;
let ben: Housed;
/** Ada's access tokens for each tenant. She is an admin of both. */
let both: { inAda: string; inBen: string };

beforeAll(async () => {
  [ada, ben] = await foundPair(stack);
  for (const [{ schema }, ids] of [
    [ada, [...shared, adasOwn]],
    [ben, [...shared, bensOwn]],
  ] as const) {
    const rows = ids.map((id) => ({ id, name: `${schema} ${id}` }));
    await owner.sql`insert into ${owner.sql(schema)}.projects ${owner.sql(rows)}`;
  }
  await owner.sql`
    insert into public.user_tenant_membership (user_id, tenant_id, role) values (${ada.userId}, ${ben.tenantId}, 'admin')`;
  const guest = await logIn(stack, { email: ada.email, slug: ben.slug });
  both = { inAda: ada.tokens().accessToken, inBen: guest.tokens().accessToken };
});
afterAll(() => owner[Symbol.asyncDispose]());

const call = (mount: Mount, procedure: Procedure, { slug }: Housed, token: string, body: unknown) =>
  callOn(mount, stack.url, procedure, { tenant: slug, token, body });

test.each(MOUNTS)('each tenant sees its own row under an id that both have (%s)', async (mount) => {
  for (const [tenant, token] of [
    [ada, both.inAda],
    [ben, both.inBen],
    [ben, ben.tokens().accessToken],
  ] as const) {
    for (const id of shared) {
      const answer = await call(mount, 'projects.get', tenant, token, { id });
      expect(resultOf(mount, answer)).toMatchObject({ id, name: `${tenant.schema} ${id}` });
    }
    const list = resultOf(mount, await call(mount, 'projects.list', tenant, token, {}));
    expect(at(list, 'items')).toHaveLength(3);
    expect(JSON.stringify(list)).not.toContain(tenant === ada ? ben.schema : ada.schema);
  }
});

test.each(MOUNTS)('an id that only the other tenant has is not found by any call (%s)', async (mount) => {
  for (const [tenant, token, id] of [
    [ada, both.inAda, bensOwn],
    [ben, both.inBen, adasOwn],
    [ben, ben.tokens().accessToken, adasOwn],
  ] as const) {
    for (const [procedure, body] of [
      ['projects.get', { id }],
      ['projects.update', { id, name: `taken over ${mount}` }],
      ['projects.delete', { id }],
    ] as const) {
      const answer = await call(mount, procedure, tenant, token, body);
      expect([procedure, answer.status, reasonOf(answer)]).toEqual([procedure, 404, 'NOT_FOUND']);
    }
  }
  expect(await namesIn(ada)).toContain(`${ada.schema} ${adasOwn}`);
  expect(await namesIn(ben)).toContain(`${ben.schema} ${bensOwn}`);
});

test.each(MOUNTS)(
  "changing and deleting a row under a shared id does not change the other tenant's row (%s)",
  async (mount) => {
    const id = randomUUID();
    for (const { schema } of [ada, ben]) {
      await owner.sql`insert into ${owner.sql(schema)}.projects ${owner.sql({ id, name: `${schema} ${id}` })}`;
    }
    await call(mount, 'projects.update', ada, both.inAda, { id, name: `renamed ${id}` });
    expect(await namesIn(ada)).toContain(`renamed ${id}`);
    expect(await namesIn(ben)).toContain(`${ben.schema} ${id}`);
    await call(mount, 'projects.delete', ada, both.inAda, { id });
    expect(await namesIn(ada)).not.toContain(`renamed ${id}`);
    expect(await namesIn(ben)).toContain(`${ben.schema} ${id}`);
    await call(mount, 'projects.delete', ben, both.inBen, { id });
  },
);

test.each(MOUNTS)('a member of both tenants needs the token of the tenant that they name (%s)', async (mount) => {
  for (const [tenant, token] of [
    [ada, both.inBen],
    [ben, both.inAda],
  ] as const) {
    const answer = await call(mount, 'projects.get', tenant, token, { id: shared[0] });
    expect([answer.status, reasonOf(answer)]).toEqual([403, 'TENANT_MISMATCH']);
  }
});

test.each(MOUNTS)('a call reads the tenant of its token and header (%s)', async (mount) => {
  for (const [tenant, token] of [
    [ada, both.inAda],
    [ben, both.inBen],
  ] as const) {
    const answer = await call(mount, 'tenants.get', tenant, token, undefined);
    expect(resultOf(mount, answer)).toMatchObject({ id: tenant.tenantId, slug: tenant.slug });
  }
});

test('a member who is removed is refused with the next request, with the same token', async () => {
  const outsider = await logIn(stack, { email: ada.email, slug: ben.slug });
  const { accessToken } = outsider.tokens();
  await owner.sql`
    delete from public.user_tenant_membership where user_id = ${ada.userId} and tenant_id = ${ben.tenantId}`;
  const answer = await call('REST', 'projects.get', ben, accessToken, { id: shared[0] });
  expect([answer.status, reasonOf(answer)]).toEqual([404, 'TENANT_NOT_FOUND']);
});

async function namesIn({ schema }: Housed): Promise<string[]> {
  const rows = await owner.sql<{ name: string }[]>`select name from ${owner.sql(schema)}.projects`;
  return rows.map(({ name }) => name);
}
