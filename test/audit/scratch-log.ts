import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { v7 as uuidv7 } from 'uuid';
import { expect } from 'vitest';
import { parseEnv, SETTINGS } from '../../core/env/index.ts';
import type { SecretKeys } from '../../core/secret-keys.ts';
import { sealAuditRows } from '../../db/audit/owner/seal-rounds.ts';
import { verifyAuditLog, type Verification } from '../../db/audit/verify.ts';
import { migrateLobby } from '../../db/migrations/owner/migrate.ts';
import { connectOwner, type Owner } from '../../db/connection/owner/connect.ts';
import { createPool } from '../../db/connection/pool.ts';
import { scratchDatabase } from '../db/scratch.ts';
import { superuserUrl } from '../support/database.ts';
import type { SharedStack } from '../support/global-setup.ts';

/** A lobby of its own, in which rows are sealed only by the test. */
export interface ScratchLog extends AsyncDisposable {
  owner: Owner;
  databaseOwnerUrl: string;
  /** A connection as PostgreSQL's superuser. */
  superuser: postgres.Sql;
  keys: SecretKeys;
  /** Adds rows to a log, one transaction each. @returns their ids */
  write(
    tenantId: string | null,
    count?: number,
    sql?: postgres.Sql | postgres.TransactionSql,
    /** When they were written; now by default. */
    at?: string,
  ): Promise<string[]>;
  /** Seals all waiting rows. @returns how many rows it sealed */
  seal(keys?: SecretKeys): Promise<number>;
  verify(tenantId: string | null, keys?: SecretKeys): Promise<Verification>;
  /** @returns the current chain of a log */
  chainOf(tenantId: string | null): Promise<{ sequence: number; auditId: string }[]>;
}

export const NIL = '00000000-0000-0000-0000-000000000000';

export async function openScratchLog(stack: SharedStack): Promise<ScratchLog> {
  const scratch = await scratchDatabase(stack);
  await migrateLobby(scratch.databaseOwnerUrl);
  const { SECRET_KEY: keys } = parseEnv(stack.env, SETTINGS.pick({ SECRET_KEY: true }));
  const owner = connectOwner(scratch.databaseOwnerUrl, { max: 6, name: 'atrium test' });
  const pool = createPool(scratch.databaseUrl, { max: 2, name: 'atrium test' });
  const superuser = postgres(superuserUrl(stack, scratch.databaseUrl), { max: 2, onnotice: () => undefined });
  return {
    owner,
    databaseOwnerUrl: scratch.databaseOwnerUrl,
    superuser,
    keys,
    async write(tenantId, count = 1, sql = owner, at) {
      const ids = Array.from({ length: count }, () => uuidv7());
      for (const id of ids) {
        await sql`
          insert into public.audit_logs (id, tenant_id, action, entity_type, entity_id, actor_type, actor_id, operator_id,
            outcome, ip_address, user_agent, request_id, changes, created_at)
          values (${id}, ${tenantId}, 'project.update', 'project', ${uuidv7()}, 'user', ${uuidv7()}, ${uuidv7()}, 'success',
            '127.0.0.1', 'test', ${`request-${id}`}, ${sql.json({ name: [null, 'Apollo'] })},
            coalesce(${at ?? null}::text::timestamptz, now()))`;
      }
      return ids;
    },
    async seal(by = keys) {
      let total = 0;
      for (;;) {
        const { sealed } = await sealAuditRows(owner, by);
        if (sealed === 0) return total;
        total += sealed;
      }
    },
    verify: (tenantId, by = keys) =>
      verifyAuditLog({
        keys: by,
        tenantId,
        read: (work) => pool.transaction({ readOnly: true }, work),
      }),
    async chainOf(tenantId) {
      return await owner<{ sequence: number; auditId: string }[]>`
        select sequence::float8 as sequence, audit_id as "auditId" from public.audit_seals
        where chain = ${tenantId ?? NIL} order by sequence`;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([owner.end({ timeout: 5 }), superuser.end({ timeout: 5 }), pool.close()]);
      await scratch[Symbol.asyncDispose]();
    },
  };
}

/** Fills the last positions of a chain with seals, and adds a row, which then cannot be sealed. */
export async function obstruct(log: ScratchLog, tenantId: string, at?: string): Promise<void> {
  for (const sequence of ['4503599627370495', '4503599627370496', '4503599627370497']) {
    await log.superuser`
      insert into public.audit_seals (chain, sequence, audit_id, audit_created_at, row_mac, seal)
      values (${tenantId}, ${sequence}, ${uuidv7()}, now(), '', '')`;
  }
  await log.write(tenantId, 1, log.superuser, at);
}

/** Writes a log of ten sealed rows. */
export async function sealedLog(log: ScratchLog): Promise<{ tenant: string; ids: string[]; third: string }> {
  const tenant = randomUUID();
  const ids = await log.write(tenant, 10);
  await log.seal();
  expect(await log.verify(tenant)).toEqual({ valid: true, checked: 10, unsealed: 0, firstBadId: null });
  return { tenant, ids, third: ids[2] ?? '' };
}
