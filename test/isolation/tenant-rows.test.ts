import { randomUUID } from 'node:crypto';
import { sql as raw } from 'drizzle-orm';
import { afterAll, expect, inject, test } from 'vitest';
import { writeAudit } from '../../db/audit/write.ts';
import { postgresError } from '../../db/connection/errors.ts';
import { enqueue } from '../../db/outbox/enqueue.ts';
import { projects } from '../../db/tables/product/projects.ts';
import { settings } from '../../db/tables/tenant/settings.ts';
import { refusal } from '../support/database.ts';
import { systemEntry } from '../db/audit-rows.ts';
import { openTenants } from './tenants.ts';

// Which audit rows and outbox rows PostgreSQL accepts from a tenant's role.
const tenants = await openTenants(inject('stack'));
const { ada, ben, asAda, enterAda } = tenants;
afterAll(() => tenants[Symbol.asyncDispose]());

test('inside a tenant, unqualified names are its own tables, and the lobby accepts its audit and outbox rows', async () => {
  const undo = new Error('undo');
  const work = enterAda(async ({ tx }) => {
    await tx.insert(projects).values({ id: randomUUID(), name: 'Apollo' });
    expect((await tx.select().from(projects)).map(({ name }) => name)).toEqual(['Apollo']);
    expect(await tx.select().from(settings)).not.toEqual([]);
    await writeAudit(tx, systemEntry({ tenantId: ada.tenantId }));
    await enqueue(tx, ada.tenantId, mailing());
    const [who] = await tx.execute(raw`select current_user as role, current_setting('search_path') as path`);
    expect(who).toEqual({ role: ada.role, path: `${ada.schema}, pg_temp` });
    throw undo;
  });
  await expect(work).rejects.toBe(undo);
});

test.each(['another tenant', 'the platform'])(
  'an audit row or outbox row for %s is refused by row-level security',
  async (whose) => {
    const tenantId = whose === 'another tenant' ? ben.tenantId : null;
    const audit = enterAda(({ tx }) => writeAudit(tx, systemEntry({ tenantId })));
    await expect(audit).rejects.toSatisfy(isRowRefusal);
    const work = enterAda(({ tx }) => enqueue(tx, tenantId, mailing()));
    await expect(work).rejects.toSatisfy(isRowRefusal);
  },
);

test("a tenant's role cannot insert outbox rows that provision or remove tenants", async () => {
  const work = enterAda(({ tx }) => enqueue(tx, ada.tenantId, { kind: 'tenant.provision', payload: {} }));
  await expect(work).rejects.toSatisfy(isRowRefusal);
});

test.each([
  ['null', `'null'`],
  ['an array', `'[]'`],
  ['a number', `'7'`],
  ['more than 8 KiB', `jsonb_build_object('x', repeat('x', 8200))`],
  ['5 MB', `jsonb_build_object('x', repeat('x', 5000000))`],
])('PostgreSQL refuses an outbox row whose payload is %s', async (_, payload) => {
  const { code } = await refusal(
    asAda(`insert into public.outbox (id, tenant_id, kind, payload)
      values (gen_random_uuid(), '${ada.tenantId}', 'email.send', ${payload})`),
  );
  expect(code).toBe('23514');
});

test.each(['', 'email', 'E.mail', 'email.send\u001b[2J', `email.${'x'.repeat(60)}`, 'email..send'])(
  'PostgreSQL takes no outbox row of the kind "%s"',
  async (kind) => {
    const { code } = await refusal(
      asAda(`insert into public.outbox (id, tenant_id, kind, payload) values (gen_random_uuid(), $1, $2, '{}')`, [
        ada.tenantId,
        kind,
      ]),
    );
    expect(code).toBe('23514');
  },
);

test.each([
  ['id', `'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa'`],
  ['actor_id', `'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa'`],
  ['operator_id', `'00000000-0000-0000-0000-000000000001'`],
  ['outcome', `'bogus'`],
  ['actor_type', `'alien'`],
  ['action', `'odd'`],
  ['action', `E'project.read\\u001b[2J'`],
  ['action', `'project.' || repeat('x', 100)`],
  ['entity_type', `repeat('x', 140000000)`],
  ['entity_id', `repeat('x', 1001)`],
  ['ip_address', `repeat('1', 101)`],
  ['user_agent', `repeat('x', 1201)`],
  ['request_id', `repeat('x', 201)`],
  ['changes', `'null'`],
  ['changes', `'[1]'`],
  ['changes', `'{"a":1}'`],
  ['changes', `'{"a":{"0":1,"1":2}}'`],
  ['changes', `'{"a":[null,1],"b":[1]}'`],
  ['changes', `'{"a":[[1,2]]}'`],
  ['changes', `'{"a":[1,2,3]}'`],
  ['changes', `jsonb_build_object('a', jsonb_build_array(null, repeat('x', 1048576)))`],
])('PostgreSQL refuses an audit row that readers or the sealer could not read: %s %s', async (column, value) => {
  const { code } = await refusal(asAda(auditInsert({ [column]: value })));
  expect(code).toBe('23514');
});

test('PostgreSQL accepts the largest audit row that the server may write', async () => {
  const written = asAda(
    auditInsert({
      action: `'a-team.ownVerb_' || repeat('x', 80)`,
      user_agent: `repeat('\u{1f600}', 300)`,
      request_id: `repeat('x', 64)`,
      changes: `jsonb_build_object('a', '[[1, 2], {}]'::jsonb, 'b', jsonb_build_array(null, repeat('x', 1000000)))`,
    }),
  );
  await expect(written).resolves.toEqual([]);
  await expect(asAda(auditInsert({ changes: `'{}'` }))).resolves.toEqual([]);
});

test('an audit row that is too large is refused with an error that names its procedure and its size', async () => {
  const note = enterAda(({ tx }) =>
    writeAudit(tx, { ...systemEntry({ tenantId: ada.tenantId }), changes: { text: [null, 'x'.repeat(1_100_000)] } }),
  );
  await expect(note).rejects.toThrow(
    /^The audit row of tenant\.update breaks audit_logs_changes_check; its changes have 11000\d\d bytes as JSON/,
  );
});

function mailing() {
  return { kind: 'email.send', payload: { template: 'invite', inviteId: randomUUID() } } as const;
}

/** @returns the insert of an audit row of Ada's, with other SQL values for some columns */
function auditInsert(values: Record<string, string>): string {
  const row = {
    id: 'gen_random_uuid()',
    tenant_id: `'${ada.tenantId}'`,
    action: `'project.read'`,
    entity_type: `'project'`,
    actor_type: `'user'`,
    outcome: `'success'`,
    ...values,
  };
  return `insert into public.audit_logs (${Object.keys(row).join(', ')}) values (${Object.values(row).join(', ')})`;
}

function isRowRefusal(error: unknown): boolean {
  const refused = postgresError(error);
  return refused?.code === '42501' && refused.message.includes('row-level security');
}
