import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { emailShape } from '../core/mail/address.ts';
import { orNotFound } from '../core/errors.ts';
import { idSchema } from '../core/id.ts';
import { changesBetween } from '../db/audit/changes.ts';
import { memberships, users, type Role } from '../db/tables/lobby.ts';
import type { Tx } from '../db/connection/lane.ts';
import { assertAdminBeside, lockMembers, lockMembersAsAdmin, roleOf } from '../db/tenancy/members.ts';
import { pageOf } from './paging.ts';
import { alsoEndIdentities, alsoRevokeInvites } from './procedures/effects.ts';
import { adminPersonProcedure, memberPersonProcedure } from './procedures/levels.ts';
import { pageInput, pageShape, roleShape, time, toPage } from './shapes.ts';
import { about, type AuditEntryDraft } from './procedures/audit-entry.ts';
import { router } from './procedures/trpc.ts';

const tags = ['members'];

const memberShape = z
  .object({
    userId: z.uuid(),
    email: emailShape,
    fullName: z.string(),
    role: roleShape,
    joinedAt: time,
  })
  .meta({ id: 'Member' });

const columns = {
  id: users.id,
  email: users.email,
  fullName: users.fullName,
  role: memberships.role,
  joinedAt: memberships.createdAt,
};

export const membersRouter = router({
  list: memberPersonProcedure
    .meta({
      openapi: { method: 'GET', path: '/members', tags, summary: 'List members, newest account first' },
      audit: { action: 'member.list', entityType: 'member' },
      admits: ['assumedIdentity'],
    })
    .input(pageInput)
    .output(pageShape(memberShape))
    .query(async ({ ctx, input }) => {
      const where = eq(memberships.tenantId, ctx.tenant.id);
      const rows = await pageOf(members(ctx.db), users.id, { ...input, where });
      return toPage(rows, input.limit, toMember);
    }),

  updateRole: adminPersonProcedure
    .meta({
      openapi: { method: 'PATCH', path: '/members/{userId}', tags, summary: "Change a member's role (admins)" },
      refusals: ['NOT_FOUND', 'LAST_ADMIN'],
      audit: { action: 'member.role_change', entityType: 'member' },
    })
    .input(z.strictObject({ userId: idSchema, role: roleShape }))
    .use(about('userId'))
    .output(memberShape)
    .mutation(async ({ ctx, input: { userId, role } }) => {
      const tenantId = ctx.tenant.id;
      await lockMembersAsAdmin(ctx.db, tenantId, ctx.actor);
      const before = orNotFound(await roleOf(ctx.db, tenantId, userId), 'member');
      if (before === 'admin' && role === 'member') {
        await assertAdminBeside(ctx.db, tenantId, userId);
        await alsoRevokeInvites(ctx.db, ctx.auditEntry, { userId, tenantId, roles: ['admin'] });
      }
      const isMember = and(eq(memberships.tenantId, tenantId), eq(memberships.userId, userId));
      await ctx.db.update(memberships).set({ role }).where(isMember);
      ctx.auditEntry.note({ changes: changesBetween({ role: before }, { role }) });
      const [member] = await members(ctx.db).where(isMember);
      return toMember(orNotFound(member, 'member'));
    }),

  remove: adminPersonProcedure
    .meta({
      openapi: { method: 'DELETE', path: '/members/{userId}', tags, summary: 'Remove a member (admins)' },
      refusals: ['NOT_FOUND', 'LAST_ADMIN'],
      successStatus: 204,
      audit: { action: 'member.remove', entityType: 'member' },
    })
    .input(z.strictObject({ userId: idSchema }))
    .use(about('userId'))
    .output(z.null())
    .mutation(async ({ ctx, input: { userId } }) => {
      await lockMembersAsAdmin(ctx.db, ctx.tenant.id, ctx.actor);
      const role = await removeMember(ctx.db, ctx.auditEntry, ctx.tenant.id, userId);
      ctx.auditEntry.note({ changes: changesBetween({ role }, {}) });
      return null;
    }),

  leave: memberPersonProcedure
    .meta({
      openapi: { method: 'POST', path: '/members/leave', tags, summary: 'Leave the tenant' },
      refusals: ['LAST_ADMIN'],
      successStatus: 204,
      audit: { action: 'member.leave', entityType: 'member' },
    })
    .output(z.null())
    .mutation(async ({ ctx }) => {
      ctx.auditEntry.note({ entityId: ctx.user.id });
      await lockMembers(ctx.db, ctx.tenant.id);
      const role = await removeMember(ctx.db, ctx.auditEntry, ctx.tenant.id, ctx.user.id);
      ctx.auditEntry.note({ changes: changesBetween({ role }, {}) });
      return null;
    }),
});

function members(tx: Tx) {
  return tx.select(columns).from(memberships).innerJoin(users, eq(users.id, memberships.userId)).$dynamic();
}

/**
 * Removes a member. Also revokes the invites that the member sent, and ends every assumed identity of the member.
 * @returns the former role
 * @throws AppError `NOT_FOUND`, `LAST_ADMIN`
 */
async function removeMember(tx: Tx, auditEntry: AuditEntryDraft, tenantId: string, userId: string): Promise<Role> {
  const role = orNotFound(await roleOf(tx, tenantId, userId), 'member');
  if (role === 'admin') await assertAdminBeside(tx, tenantId, userId);
  await alsoRevokeInvites(tx, auditEntry, { userId, tenantId });
  // The caller has locked the members, so nobody can assume this identity at the same time.
  await alsoEndIdentities(tx, auditEntry, { userId, tenantId });
  await tx.delete(memberships).where(and(eq(memberships.tenantId, tenantId), eq(memberships.userId, userId)));
  return role;
}

interface Member {
  id: string;
  email: string;
  fullName: string;
  role: Role;
  joinedAt: Date;
}

function toMember({ id, joinedAt, ...rest }: Member): z.infer<typeof memberShape> {
  return { userId: id, ...rest, joinedAt: joinedAt.toISOString() };
}
