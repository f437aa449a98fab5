import { canonicalId } from '../core/id.ts';
import { parseEnv, VERIFY_AUDIT_SETTINGS, withLocalDefaults } from '../core/env/index.ts';
import { listLogs, type KnownLog } from '../db/audit/chain.ts';
import { tryEach } from '../db/connection/batch.ts';
import { verifyAuditLog, type Verification } from '../db/audit/verify.ts';
import { resealAuditLog } from '../db/audit/owner/reseal.ts';
import { connectOwner } from '../db/connection/owner/connect.ts';
import { createPool } from '../db/connection/pool.ts';
import { messageFor, tellFailure, UsageError } from './failure.ts';

// `bun run verify-audit`: verifies the seals of every audit log, the platform's first. Exits with 1 if one is not valid.
// `bun run verify-audit --reseal NAME …`: lets the worker seal again those named logs that are not valid. `all` names
// every log.

const USAGE = 'usage: bun run verify-audit [--reseal platform | SLUG | TENANT_ID | all …]';

/** @returns the names of the logs to seal again; `undefined` without `--reseal` */
function namesIn([flag, ...names]: readonly string[]): string[] | undefined {
  if (flag === undefined) return undefined;
  if (flag !== '--reseal' || names.length === 0) throw new UsageError(USAGE);
  return names.map(canonicalId);
}

function nameOf({ tenantId, slug }: KnownLog): string {
  return tenantId === null ? 'platform' : (slug ?? tenantId);
}

function tell({ begun }: KnownLog, { valid, checked, unsealed, firstBadId }: Verification): string {
  if (!begun) return 'the log is empty, but the log of a ready tenant has at least the row of its creation';
  if (!valid) return `row ${firstBadId} was changed, deleted, inserted or moved; ${checked} rows before it are valid`;
  return `${checked} rows valid${unsealed > 0 ? `, ${unsealed} not sealed yet` : ''}`;
}

async function main(args: readonly string[]): Promise<void> {
  const names = namesIn(args);
  const env = parseEnv(withLocalDefaults(process.env), VERIFY_AUDIT_SETTINGS);
  const pool = createPool(env.DATABASE_OWNER_URL, { max: 1, name: 'atrium verify-audit' });
  const owner = connectOwner(env.DATABASE_OWNER_URL, { max: 1, name: 'atrium verify-audit' });
  try {
    const logs = await pool.transaction({ readOnly: true }, listLogs);
    const unknown = names?.find((name) => name !== 'all' && !logs.some((log) => isNamed(log, name)));
    if (unknown !== undefined)
      throw new UsageError(`There is no audit log of ${unknown}. Pass a slug, a tenant id, or platform`);
    const failures = await tryEach(logs.map((log) => ({ item: nameOf(log), work: () => check(log) })));
    for (const { item, error } of failures) {
      process.exitCode = 1;
      console.error(`${item}: the check failed: ${messageFor(error)}`);
    }

    async function check(log: KnownLog): Promise<void> {
      const verdict = await verifyAuditLog({
        keys: env.SECRET_KEY,
        tenantId: log.tenantId,
        read: (work) => pool.transaction({ readOnly: true }, work),
      });
      const named = names?.some((name) => name === 'all' || isNamed(log, name));
      if (named && !verdict.valid) {
        const rows = await resealAuditLog(owner, log.tenantId);
        console.log(`${nameOf(log)}: ${rows} rows will be sealed again by a worker, with their present content`);
        return;
      }
      const holds = verdict.valid && log.begun;
      if (!holds) process.exitCode = 1;
      const say = holds ? console.log : console.error;
      say(`${nameOf(log)}: ${tell(log, verdict)}`);
    }
  } finally {
    await Promise.all([pool.close(), owner.end()]);
  }
}

function isNamed(log: KnownLog, name: string): boolean {
  return name === nameOf(log) || name === log.tenantId;
}

main(process.argv.slice(2)).catch(tellFailure);
