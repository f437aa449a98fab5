import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, expect, inject, test } from 'vitest';
import { trimAuditChains } from '../../db/audit/owner/trim.ts';
import { oldMonths } from './old-months.ts';
import { openScratchLog } from './scratch-log.ts';

// A checkpoint covers the dropped months only: it neither hides a deletion nor needs a removed key.
const log = await openScratchLog(inject('stack'));
const { owner, superuser, keys } = log;
const { makeMonth, writeAged, retain } = oldMonths(log);
afterAll(() => log[Symbol.asyncDispose]());

/** Ways for a superuser of PostgreSQL to hide a deletion behind a real checkpoint. Each deletes the first five of ten rows. */
const LAUNDERINGS: [string, (tenant: string, ids: readonly string[]) => Promise<void>][] = [
  [
    'said to be dropped',
    async (tenant, ids) => {
      await superuser`update public.audit_chains set dropped_before = now() where chain = ${tenant}`;
      await superuser`delete from public.audit_logs where id in ${superuser(ids)}`;
    },
  ],
  [
    'left out by a start that was set behind them',
    async (tenant, ids) => {
      await superuser`
        update public.audit_chains c set start_sequence = s.sequence, start_audit_id = s.audit_id, start_seal = s.seal
        from public.audit_seals s where c.chain = ${tenant} and s.chain = c.chain and s.audit_id = ${ids.at(-1) ?? ''}`;
      await superuser`delete from public.audit_seals where audit_id in ${superuser(ids)}`;
      await superuser`delete from public.audit_logs where id in ${superuser(ids)}`;
    },
  ],
  [
    'sealed as if they were old',
    async (tenant, ids) => {
      await superuser`
        update public.audit_seals set audit_created_at = '2001-01-01Z' where chain = ${tenant} and audit_id in ${superuser(ids)}`;
      await superuser`delete from public.audit_logs where id in ${superuser(ids)}`;
    },
  ],
];

test.each(LAUNDERINGS)(
  'rows that are %s are still reported as missing after old months were dropped several times',
  async (_, launder) => {
    const [tenant, other] = [randomUUID(), randomUUID()];
    // One month is dropped first, so that there is a signed start.
    await writeAged(tenant, await makeMonth(-9), 2);
    await writeAged(other, await makeMonth(-9), 2);
    await retain();
    const ids = await log.write(tenant, 10);
    await log.write(other, 10);
    await log.seal();
    await launder(tenant, ids.slice(0, 5));
    expect(await log.verify(tenant)).toMatchObject({ valid: false });
    // No month is due now.
    await trimAuditChains(owner, keys);
    expect(await log.verify(tenant)).toMatchObject({ valid: false });
    for (const month of [-7, -8]) {
      // There is a month to drop, and so a checkpoint to sign.
      await writeAged(randomUUID(), await makeMonth(month), 1);
      await retain();
      expect(await log.verify(tenant)).toMatchObject({ valid: false });
    }
    expect(await log.verify(other)).toMatchObject({ valid: true, checked: 10 });
  },
);

test('a log that gets no more rows still verifies after the key that sealed it was removed', async () => {
  const [quiet, young] = [randomUUID(), randomUUID()];
  await writeAged(quiet, await makeMonth(-6), 3);
  const fresh = randomBytes(32);
  const both = { current: fresh, all: [fresh, ...keys.all] };
  await retain(both);
  await log.write(young, 2);
  await log.seal(both);
  const alone = { current: fresh, all: [fresh] };
  for (const tenant of [quiet, young]) expect(await log.verify(tenant, alone)).toMatchObject({ valid: true });
  await log.write(quiet, 2);
  await log.seal(alone);
  expect(await log.verify(quiet, alone)).toEqual({ valid: true, checked: 2, unsealed: 0, firstBadId: null });
  // The other logs of this file keep the previous key.
  await trimAuditChains(owner, { ...both, current: keys.current });
});
