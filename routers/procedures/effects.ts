import { endAssumedIdentities } from '../../db/identity/assumed-identities.ts';
import { revokeInvitesOf } from '../../db/identity/invites.ts';
import type { Changes } from '../../db/tables/lobby.ts';
import type { Tx } from '../../db/connection/lane.ts';
import type { AuditEntryDraft } from './audit-entry.ts';

// Changes that a call makes in addition to its main one. Each gets a row in the audit log of its tenant.

/** @see revokeInvitesOf */
export async function alsoRevokeInvites(
  tx: Tx,
  auditEntry: AuditEntryDraft,
  by: Parameters<typeof revokeInvitesOf>[1],
): Promise<void> {
  await recordRevoked(tx, auditEntry, await revokeInvitesOf(tx, by));
}

/** Writes an audit row for each of these revoked invites. */
export async function recordRevoked(
  tx: Tx,
  auditEntry: AuditEntryDraft,
  invites: readonly { id: string; tenantId: string }[],
): Promise<void> {
  for (const { id: entityId, tenantId } of invites) {
    const changes: Changes = { status: ['pending', 'revoked'] };
    await auditEntry.writeAlso(tx, { action: 'invite.revoke', entityType: 'invite', entityId, tenantId, changes });
  }
}

/** @see endAssumedIdentities */
export async function alsoEndIdentities(
  tx: Tx,
  auditEntry: AuditEntryDraft,
  which: Parameters<typeof endAssumedIdentities>[1],
): Promise<void> {
  for (const { id: entityId, tenantId } of await endAssumedIdentities(tx, which)) {
    const about = { action: 'identity.end', entityType: 'assumed_identity', entityId, tenantId } as const;
    await auditEntry.writeAlso(tx, { ...about, changes: {} });
  }
}
