import { randomUUID } from 'node:crypto';
import { afterAll, expect, inject, test } from 'vitest';
import { openScratchLog } from '../audit/scratch-log.ts';
import { insertTenant } from '../support/workflow-homes.ts';
import { runScript, type Ended } from './command.ts';

// The command that verifies every audit log, including the platform's.
const place = inject('stack');
const log = await openScratchLog(place);
afterAll(() => log[Symbol.asyncDispose]());

async function verifyAll(databaseOwnerUrl = log.databaseOwnerUrl, ...args: string[]): Promise<Ended> {
  const { PATH = '', HOME = '', SECRET_KEY = '', ATRIUM_BUN: bun = 'bun' } = place.env;
  return await runScript(['verify-audit', ...args], {
    bun,
    env: { PATH, HOME, SECRET_KEY, DATABASE_OWNER_URL: databaseOwnerUrl },
  });
}

test('logs that verify are counted, and a log that does not is reported with its row', async () => {
  const [ada, ben] = [randomUUID(), randomUUID()];
  await log.write(null, 2);
  await log.write(ada, 3);
  await log.seal();
  await log.write(ada);
  const before = await verifyAll();
  expect(before).toMatchObject({ code: 0, errors: '' });
  expect(before.output.split('\n')).toEqual(
    expect.arrayContaining(['platform: 2 rows valid', `${ada}: 3 rows valid, 1 not sealed yet`]),
  );

  const [, altered = ''] = await log.write(ben, 3);
  await log.seal();
  await log.superuser`update public.audit_logs set outcome = 'denied' where id = ${altered}`;
  const after = await verifyAll();
  expect(after.code).toBe(1);
  expect(after.errors).toBe(
    `${ben}: row ${altered} was changed, deleted, inserted or moved; 1 rows before it are valid\n`,
  );
  expect(after.output).toContain(`${ada}: 4 rows valid\n`);
  await log.superuser`update public.audit_logs set outcome = 'success' where id = ${altered}`;
});

test('only the named log is resealed, though another one does not verify either', async () => {
  const [ada, ben, cyd] = [randomUUID(), randomUUID(), randomUUID()];
  const altered: string[] = [];
  for (const tenant of [ada, ben, cyd]) {
    const [id = ''] = await log.write(tenant, 2);
    altered.push(id);
  }
  await log.seal();
  await log.superuser`update public.audit_logs set outcome = 'denied' where id in ${log.superuser(altered.slice(0, 2))}`;
  const reseal = (...names: string[]) => verifyAll(log.databaseOwnerUrl, '--reseal', ...names);
  for (const [names, said] of [
    [[], 'usage: '],
    [['nobody'], 'no audit log of nobody'],
  ] as const) {
    const refused = await reseal(...names);
    expect(refused.code).toBe(1);
    expect(refused.errors).toContain(said);
  }
  const { code, output, errors } = await reseal(ada, cyd);
  expect(code).toBe(1);
  expect(output).toContain(`${ada}: 3 rows will be sealed again by a worker, with their present content\n`);
  expect(output).toContain(`${cyd}: 2 rows valid\n`);
  expect(errors).toContain(`${ben}: row ${altered[1]} was changed`);
  await reseal('all');
  await log.seal();
  expect((await verifyAll()).errors).toBe('');
});

test("a tenant's log that was deleted with all its seals is reported as missing", async () => {
  const { slug, tenantId } = await insertTenant(log.owner);
  await log.owner`update public.tenants set status = 'ready' where id = ${tenantId}`;
  await log.write(tenantId);
  await log.seal();
  expect((await verifyAll()).output).toContain(`${slug}: 1 rows valid\n`);
  for (const table of ['audit_logs', 'audit_seals', 'audit_chains']) {
    const column = table === 'audit_logs' ? 'tenant_id' : 'chain';
    await log.superuser`delete from ${log.superuser(`public.${table}`)} where ${log.superuser(column)} = ${tenantId}`;
  }
  const { code, errors } = await verifyAll();
  expect(code).toBe(1);
  expect(errors).toBe(
    `${slug}: the log is empty, but the log of a ready tenant has at least the row of its creation\n`,
  );
});

test('verify-audit without the key or the database URL fails, and names the missing setting', async () => {
  const { PATH = '', HOME = '', ATRIUM_BUN: bun = 'bun' } = place.env;
  const { code, errors } = await runScript(['verify-audit'], { bun, env: { PATH, HOME } });
  expect(code).toBe(1);
  expect(errors).toContain('SECRET_KEY');
  expect(errors).toContain('DATABASE_OWNER_URL');
  const away = await verifyAll('postgres://nobody:secret@127.0.0.1:1/none');
  expect(away.code).toBe(1);
  expect(away.errors).not.toContain('secret');
});
