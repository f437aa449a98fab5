import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { emailSchema } from '../../core/mail/address.ts';
import { AppError, orNotFound } from '../../core/errors.ts';
import { now } from '../../db/connection/clock.ts';
import { changesBetween } from '../../db/audit/changes.ts';
import { users as usersTable } from '../../db/tables/lobby.ts';
import type { Tx } from '../../db/connection/lane.ts';
import { endSessions, voidResets } from '../../db/identity/sessions.ts';
import { pageOf } from '../paging.ts';
import { about } from '../procedures/audit-entry.ts';
import { alsoEndIdentities, alsoRevokeInvites } from '../procedures/effects.ts';
import { superuserProcedure } from '../procedures/levels.ts';
import { idInput, pageInput, pageShape, time, toPage, toUserShape, userShape } from '../shapes.ts';

const tags = ['admin'];

const accountShape = userShape
  .extend({ isSuperuser: z.boolean(), disabledAt: time.nullable() })
  .meta({ id: 'Account' });

const columns = {
  id: usersTable.id,
  email: usersTable.email,
  fullName: usersTable.fullName,
  createdAt: usersTable.createdAt,
  isSuperuser: usersTable.isSuperuser,
  disabledAt: usersTable.disabledAt,
};

export const users = superuserProcedure
  .meta({
    openapi: { method: 'GET', path: '/admin/users', tags, summary: 'List users, newest first' },
    audit: { action: 'user.list', entityType: 'user' },
  })
  .input(pageInput.extend({ email: emailSchema.optional().describe('Return only the account with this address') }))
  .output(pageShape(accountShape))
  .query(async ({ ctx, input: { email, ...page } }) => {
    const where = email === undefined ? undefined : eq(usersTable.email, email);
    const all = ctx.db.select(columns).from(usersTable).$dynamic();
    const rows = await pageOf(all, usersTable.id, { ...page, where });
    return toPage(rows, page.limit, toAccount);
  });

/**
 * Disables a user. This ends their sessions and the identities assumed by them or of them, and revokes the open invites
 * that they sent. They can neither log in nor reset their password.
 */
export const disableUser = superuserProcedure
  .meta({
    openapi: { method: 'POST', path: '/admin/users/{id}/disable', tags, summary: 'Disable a user' },
    refusals: ['NOT_FOUND'],
    audit: { action: 'user.disable', entityType: 'user' },
  })
  .input(idInput)
  .use(about('id'))
  .output(accountShape)
  .mutation(async ({ ctx, input: { id } }) => {
    if (id === ctx.user.id) throw new AppError('FORBIDDEN', 'You cannot disable your own account.');
    const before = await lockAccount(ctx.db, id);
    if (before.disabledAt !== null) return toAccount(before);
    await alsoEndIdentities(ctx.db, ctx.auditEntry, { userId: id });
    await alsoEndIdentities(ctx.db, ctx.auditEntry, { operatorId: id });
    const [after] = await ctx.db
      .update(usersTable)
      .set({ disabledAt: now(), updatedAt: now() })
      .where(eq(usersTable.id, id))
      .returning({ disabledAt: usersTable.disabledAt });
    const disabledAt = after?.disabledAt ?? null;
    await endSessions(ctx.db, id);
    await voidResets(ctx.db, before.email);
    await alsoRevokeInvites(ctx.db, ctx.auditEntry, { userId: id });
    ctx.auditEntry.note({ changes: changesBetween({ disabledAt: null }, { disabledAt }) });
    return toAccount({ ...before, disabledAt });
  });

/** Enables a disabled user. They have to log in again. */
export const enableUser = superuserProcedure
  .meta({
    openapi: { method: 'POST', path: '/admin/users/{id}/enable', tags, summary: 'Enable a user' },
    refusals: ['NOT_FOUND'],
    audit: { action: 'user.enable', entityType: 'user' },
  })
  .input(idInput)
  .use(about('id'))
  .output(accountShape)
  .mutation(async ({ ctx, input: { id } }) => {
    const before = await lockAccount(ctx.db, id);
    await ctx.db.update(usersTable).set({ disabledAt: null, updatedAt: now() }).where(eq(usersTable.id, id));
    ctx.auditEntry.note({ changes: changesBetween({ disabledAt: before.disabledAt }, { disabledAt: null }) });
    return toAccount({ ...before, disabledAt: null });
  });

type Account = Pick<typeof usersTable.$inferSelect, keyof typeof columns>;

/** @throws AppError `NOT_FOUND` */
async function lockAccount(tx: Tx, id: string): Promise<Account> {
  const [account] = await tx.select(columns).from(usersTable).where(eq(usersTable.id, id)).for('no key update');
  return orNotFound(account, 'user');
}

function toAccount({ isSuperuser, disabledAt, ...user }: Account): z.infer<typeof accountShape> {
  return { ...toUserShape(user), isSuperuser, disabledAt: disabledAt?.toISOString() ?? null };
}
