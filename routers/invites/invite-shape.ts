import { getTableColumns, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import { INVITE_MS } from '../../core/auth/mailed-token.ts';
import { emailShape } from '../../core/mail/address.ts';
import { fromNow } from '../../db/connection/clock.ts';
import { isExpired } from '../../db/identity/invites.ts';
import { invites } from '../../db/tables/lobby.ts';
import { roleShape, time } from '../shapes.ts';

export const inviteShape = z
  .object({
    id: z.uuid(),
    email: emailShape,
    role: roleShape,
    status: z.enum(['pending', 'accepted', 'revoked', 'expired']),
    expiresAt: time,
    invitedBy: z.uuid().nullable().describe('User id of the inviter'),
  })
  .meta({ id: 'Invite' });

/** The columns of an invite, and whether it has expired by the database's clock. */
export const inviteColumns = { ...getTableColumns(invites), expired: isExpired };

type Invite = typeof invites.$inferSelect & { expired: boolean };

export function toInvite(invite: Invite): z.infer<typeof inviteShape> {
  const { id, email, role, expiresAt, invitedBy } = invite;
  return { id, email, role, status: statusOf(invite), expiresAt: expiresAt.toISOString(), invitedBy };
}

function statusOf({ acceptedAt, revokedAt, expired }: Invite): z.infer<typeof inviteShape>['status'] {
  if (acceptedAt !== null) return 'accepted';
  if (revokedAt !== null) return 'revoked';
  return expired ? 'expired' : 'pending';
}

/** The expiry of an invite that is mailed now. */
export function newExpiry(): SQL<Date> {
  return fromNow(INVITE_MS);
}
