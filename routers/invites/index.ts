import { and, eq } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { emailSchema } from '../../core/mail/address.ts';
import { AppError, orNotFound } from '../../core/errors.ts';
import { now } from '../../db/connection/clock.ts';
import { changesBetween } from '../../db/audit/changes.ts';
import { isOpen } from '../../db/identity/invites.ts';
import { invites, memberships, users } from '../../db/tables/lobby.ts';
import type { Tx } from '../../db/connection/lane.ts';
import { lockMembersAsAdmin } from '../../db/tenancy/members.ts';
import { pageOf } from '../paging.ts';
import { about } from '../procedures/audit-entry.ts';
import { enqueue } from '../procedures/costs.ts';
import { recordRevoked } from '../procedures/effects.ts';
import { take } from '../procedures/limits.ts';
import { adminPersonProcedure } from '../procedures/levels.ts';
import { idInput, pageInput, pageShape, roleShape, toPage } from '../shapes.ts';
import { router } from '../procedures/trpc.ts';
import { accept } from './accept.ts';
import { preview } from './preview.ts';
import { inviteColumns, inviteShape, newExpiry, toInvite } from './invite-shape.ts';

const tags = ['invites'];

export const invitesRouter = router({
  // Must stand before `/invites/{id}`, because the first path that matches is used.
  preview,
  accept,

  create: adminPersonProcedure
    .meta({
      openapi: { method: 'POST', path: '/invites', tags, summary: 'Invite a person by e-mail (admins)' },
      refusals: ['ALREADY_MEMBER'],
      successStatus: 201,
      audit: { action: 'invite.create', entityType: 'invite' },
    })
    .input(z.strictObject({ email: emailSchema, role: roleShape }))
    .output(inviteShape)
    .mutation(async ({ ctx, input: { email, role } }) => {
      const { db } = ctx;
      const tenantId = ctx.tenant.id;
      // Only admins can invite, so an invite never grants more than the inviter's own role.
      await lockMembersAsAdmin(db, tenantId, ctx.actor);
      const voided = await db
        .update(invites)
        .set({ revokedAt: now() })
        .where(and(eq(invites.tenantId, tenantId), eq(invites.email, email), isOpen))
        .returning({ id: invites.id, tenantId: invites.tenantId });
      // Checked after the update, which waits for a concurrent acceptance of an invite. Its member is visible now.
      await refuseMember(db, tenantId, email);
      await take(ctx, ['mailsByRecipient', email]);
      await recordRevoked(db, ctx.auditEntry, voided);
      const [invite] = await db
        .insert(invites)
        .values({ id: uuidv7(), tenantId, email, role, invitedBy: ctx.user.id, expiresAt: newExpiry() })
        .returning(inviteColumns);
      const { id } = orNotFound(invite, 'invite');
      await enqueue(ctx, db, tenantId, { kind: 'email.send', payload: { template: 'invite', inviteId: id } });
      ctx.auditEntry.note({ entityId: id, changes: changesBetween({}, { email, role }) });
      return toInvite(orNotFound(invite, 'invite'));
    }),

  list: adminPersonProcedure
    .meta({
      openapi: { method: 'GET', path: '/invites', tags, summary: 'List invites, newest first (admins)' },
      audit: { action: 'invite.list', entityType: 'invite' },
      admits: ['assumedIdentity'],
    })
    .input(pageInput)
    .output(pageShape(inviteShape))
    .query(async ({ ctx, input }) => {
      const all = ctx.db.select(inviteColumns).from(invites).$dynamic();
      const rows = await pageOf(all, invites.id, { ...input, where: eq(invites.tenantId, ctx.tenant.id) });
      return toPage(rows, input.limit, toInvite);
    }),

  get: adminPersonProcedure
    .meta({
      openapi: { method: 'GET', path: '/invites/{id}', tags, summary: 'Get an invite (admins)' },
      refusals: ['NOT_FOUND'],
      audit: { action: 'invite.read', entityType: 'invite' },
      admits: ['assumedIdentity'],
    })
    .input(idInput)
    .output(inviteShape)
    .query(async ({ ctx, input }) => {
      const [invite] = await ctx.db.select(inviteColumns).from(invites).where(ownInvite(ctx.tenant.id, input.id));
      return toInvite(orNotFound(invite, 'invite'));
    }),

  resend: adminPersonProcedure
    .meta({
      openapi: { method: 'POST', path: '/invites/{id}/resend', tags, summary: 'Resend an invite (admins)' },
      refusals: ['NOT_FOUND', 'CONFLICT', 'ALREADY_MEMBER'],
      audit: { action: 'invite.resend', entityType: 'invite' },
    })
    .input(idInput)
    .use(about('id'))
    .output(inviteShape)
    .mutation(async ({ ctx, input: { id } }) => {
      const tenantId = ctx.tenant.id;
      await lockMembersAsAdmin(ctx.db, tenantId, ctx.actor);
      const before = await lockInvite(ctx.db, tenantId, id);
      if (toInvite(before).status === 'accepted' || before.revokedAt !== null) {
        throw new AppError('CONFLICT', 'This invite was already accepted or revoked. Create a new invite.');
      }
      await take(ctx, ['mailsByRecipient', before.email]);
      const [after] = await ctx.db
        .update(invites)
        .set({ expiresAt: newExpiry() })
        .where(eq(invites.id, id))
        .returning(inviteColumns);
      await enqueue(ctx, ctx.db, tenantId, { kind: 'email.send', payload: { template: 'invite', inviteId: id } });
      ctx.auditEntry.note({
        changes: changesBetween({ expiresAt: before.expiresAt }, { expiresAt: after?.expiresAt }),
      });
      return toInvite(orNotFound(after, 'invite'));
    }),

  revoke: adminPersonProcedure
    .meta({
      openapi: { method: 'DELETE', path: '/invites/{id}', tags, summary: 'Revoke an invite (admins)' },
      refusals: ['NOT_FOUND', 'CONFLICT'],
      successStatus: 204,
      audit: { action: 'invite.revoke', entityType: 'invite' },
    })
    .input(idInput)
    .use(about('id'))
    .output(z.null())
    .mutation(async ({ ctx, input: { id } }) => {
      await lockMembersAsAdmin(ctx.db, ctx.tenant.id, ctx.actor);
      const invite = await lockInvite(ctx.db, ctx.tenant.id, id);
      const { status } = toInvite(invite);
      if (status === 'accepted')
        throw new AppError('CONFLICT', 'This invite was already accepted. Remove the member instead.');
      if (status === 'revoked') return null;
      await ctx.db.update(invites).set({ revokedAt: now() }).where(eq(invites.id, id));
      ctx.auditEntry.note({ changes: { status: [status, 'revoked'] } });
      return null;
    }),
});

function ownInvite(tenantId: string, id: string) {
  return and(eq(invites.tenantId, tenantId), eq(invites.id, id));
}

/** Locks an invite, so that it cannot be accepted at the same time. @throws AppError `NOT_FOUND` */
async function lockInvite(tx: Tx, tenantId: string, id: string) {
  const [invite] = await tx.select(inviteColumns).from(invites).where(ownInvite(tenantId, id)).for('update');
  return orNotFound(invite, 'invite');
}

/** Refuses an address that belongs to a member. @throws AppError `ALREADY_MEMBER` */
async function refuseMember(tx: Tx, tenantId: string, email: string): Promise<void> {
  const members = await tx
    .select({ id: users.id })
    .from(users)
    .innerJoin(memberships, and(eq(memberships.userId, users.id), eq(memberships.tenantId, tenantId)))
    .where(eq(users.email, email));
  if (members.length > 0) throw new AppError('ALREADY_MEMBER', `${email} is already a member of this tenant.`);
}
