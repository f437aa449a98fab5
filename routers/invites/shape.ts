import { z } from 'zod';
import { emailShape } from '../../core/email.ts';
import type { invites } from '../../db/lobby.ts';
import { roleShape, time } from '../shapes.ts';

/** How long an invite works, in ms. */
const LIFE_MS = 7 * 24 * 60 * 60 * 1000;

export const inviteShape = z
  .object({
    id: z.uuid(),
    email: emailShape,
    role: roleShape,
    status: z.enum(['pending', 'accepted', 'revoked', 'expired']),
    expiresAt: time,
    invitedBy: z.uuid().nullable().describe("The inviter's user id"),
  })
  .meta({ id: 'Invite' });

type Invite = typeof invites.$inferSelect;

export function toInvite(invite: Invite): z.infer<typeof inviteShape> {
  const { id, email, role, expiresAt, invitedBy } = invite;
  return { id, email, role, status: statusOf(invite), expiresAt: expiresAt.toISOString(), invitedBy };
}

function statusOf({ acceptedAt, revokedAt, expiresAt }: Invite): z.infer<typeof inviteShape>['status'] {
  if (acceptedAt !== null) return 'accepted';
  if (revokedAt !== null) return 'revoked';
  return expiresAt.getTime() <= Date.now() ? 'expired' : 'pending';
}

export function newExpiry(): Date {
  return new Date(Date.now() + LIFE_MS);
}
