import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { connect, superuserUrl } from '../support/database.ts';
import { callOn, MOUNTS, resultOf } from '../support/mounts.ts';
import { signUpTenant, type Founder } from '../support/people.ts';
import { waitFor } from '../support/wait.ts';

// The worker seals on Node, the server verifies on Bun.
const stack = inject('stack');
const superuser = connect(superuserUrl(stack, stack.databaseUrl));
let ada: Founder;

beforeAll(async () => {
  ada = await signUpTenant(stack);
});
afterAll(() => superuser[Symbol.asyncDispose]());

const verify = (founder = ada) => founder.client.audit.verify.query();

async function sealed(founder = ada): Promise<Awaited<ReturnType<typeof verify>>> {
  return await waitFor('all rows to be sealed', async () => {
    const verdict = await verify(founder);
    return verdict.unsealed === 0 && verdict;
  });
}

async function create(name: string, founder = ada): Promise<string> {
  const { id } = await founder.client.projects.create.mutate({ name });
  const { items } = await founder.client.audit.history.query({ entityType: 'project', entityId: id });
  return items[0]?.id ?? '';
}

test('every row that is committed is sealed within 5 s', async () => {
  for (const name of ['Apollo', 'ß – 漢字 👩‍🚀 "\\', 'Gemini']) await create(name);
  const { items } = await ada.client.audit.list.query({ limit: 100 });
  const verdict = await sealed();
  expect(verdict).toMatchObject({ valid: true, firstBadId: null });
  expect(verdict.checked).toBeGreaterThanOrEqual(items.length);
  const late = await superuser.sql`
    select from public.audit_seals where chain = ${ada.tenantId} and created_at > audit_created_at + interval '5 seconds'`;
  expect(late).toHaveLength(0);
});

test.each(MOUNTS)('audit.verify tells an admin that a log holds, or the row where it does not (%s)', async (mount) => {
  const founder = await signUpTenant(stack);
  const id = await create('Altered', founder);
  await create('Next', founder);
  const { checked } = await sealed(founder);
  const call = { token: founder.tokens().accessToken, tenant: founder.slug };
  const told = async (): Promise<unknown> => resultOf(mount, await callOn(mount, stack.url, 'audit.verify', call));
  expect(await told()).toEqual({ valid: true, checked, unsealed: 0, firstBadId: null });
  await superuser.sql`update public.audit_logs set outcome = 'denied' where id = ${id}`;
  expect(await told()).toMatchObject({ valid: false, unsealed: 0, firstBadId: id });
  // The log of another tenant has a chain of its own.
  expect(await sealed()).toMatchObject({ valid: true });
});

test('a row that a superuser backdates by 50 minutes is reported, in a log without later rows', async () => {
  const founder = await signUpTenant(stack);
  const id = uuidv7();
  await superuser.sql`
    insert into public.audit_logs (id, tenant_id, action, entity_type, actor_type, outcome, created_at)
    values (${id}, ${founder.tenantId}, 'member.remove', 'member', 'system', 'success', now() - interval '50 minutes')`;
  expect(await sealed(founder)).toMatchObject({ valid: false, firstBadId: id });
});

test('the rows of the platform and of each tenant are in chains of their own, in the order of sealing', async () => {
  const rows = await superuser.sql`
    select chain from public.audit_seals s join public.audit_logs a on a.id = s.audit_id
    where chain <> coalesce(a.tenant_id, '00000000-0000-0000-0000-000000000000') limit 1`;
  expect(Array.from(rows)).toEqual([]);
  const gaps = await superuser.sql`
    select chain from public.audit_seals group by chain having count(*) <> max(sequence) or min(sequence) <> 1`;
  expect(Array.from(gaps)).toEqual([]);
});

test('no database role of the server can add, change or delete a seal', async () => {
  await using app = connect(stack.databaseUrl);
  for (const statement of [
    'update public.audit_seals set sequence = 1',
    'delete from public.audit_seals',
    'truncate public.audit_seals',
    `insert into public.audit_seals (chain) values ('${ada.tenantId}')`,
    'update public.audit_chains set sequence = 1',
    'delete from public.audit_chains',
    `insert into public.audit_chains (chain) values ('${ada.tenantId}')`,
    `insert into public.audit_unsealed (chain) values ('${ada.tenantId}')`,
    'delete from public.audit_unsealed',
    'select public.make_audit_partitions(1)',
    'alter table public.audit_logs disable trigger await_seal',
    'drop table public.audit_logs_default',
    'select from public.audit_logs_default',
  ]) {
    await expect(app.sql.unsafe(statement), statement).rejects.toMatchObject({ code: '42501' });
  }
});
