import { eq } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { AppError } from '../../core/errors.ts';
import type { User } from '../../db/entering/callers.ts';
import { enterAsUser } from '../../db/entering/enter.ts';
import { violatesUnique } from '../../db/connection/errors.ts';
import { memberships, users } from '../../db/tables/lobby.ts';
import type { Tx } from '../../db/connection/lane.ts';
import { lockPendingSignUps, voidSignUps } from '../../db/identity/sign-ups.ts';
import { insertUser } from '../../db/identity/users.ts';
import { callerOf } from '../procedures/caller.ts';
import { byAddress, take, type CountedCall } from '../procedures/limits.ts';
import { assertNewPassword } from '../auth/new-password.ts';
import { noteActor, publicProcedure } from '../procedures/levels.ts';
import { nameInput, tenantShape, toTenantShape, toUserShape, userShape, tokenInput } from '../shapes.ts';
import type { AuditEntryDraft } from '../procedures/audit-entry.ts';
import { findPending, useUp } from './pending.ts';

type Pending = Awaited<ReturnType<typeof findPending>>;
type Call = CountedCall & { auditEntry: AuditEntryDraft };

/**
 * Makes the holder of an invite a member of its tenant. A user with an account sends their access token. A new user sends a
 * name and a password; the mailed token proves that the address is theirs.
 */
export const accept = publicProcedure
  .meta({
    openapi: { method: 'POST', path: '/invites/accept', tags: ['invites'], summary: 'Accept an invite' },
    refusals: [
      'TOKEN_INVALID',
      'UNAUTHENTICATED',
      'FORBIDDEN',
      'READ_ONLY_IDENTITY',
      'ALREADY_MEMBER',
      'PASSWORD_TOO_WEAK',
    ],
    audit: { action: 'invite.accept', entityType: 'invite' },
  })
  .input(
    z.strictObject({
      token: tokenInput,
      password: z.string().optional().describe('Required if the invited address has no account'),
      fullName: nameInput.optional().describe('Required if the invited address has no account'),
    }),
  )
  .output(z.object({ user: userShape, tenant: tenantShape }).meta({ id: 'AcceptedInvite' }))
  .mutation(async ({ ctx, input: { token, password, fullName } }) => {
    await take(ctx, byAddress(ctx, 'acceptFailuresByAddress'));
    if (ctx.request.bearer !== undefined) return await acceptAsUser(ctx, token);
    return await acceptAsAnyone(ctx, { token, password, fullName });
  });

async function acceptAsAnyone(
  ctx: Call,
  { token, password, fullName }: { token: string; password: string | undefined; fullName: string | undefined },
) {
  const pending = await ctx.pool.transaction({ readOnly: true }, (tx) => find(ctx, tx, token));
  const { email } = pending.invite;
  if (pending.hasAccount) throw loginRequired();
  if (password === undefined || fullName === undefined) throw incomplete({ password, fullName });
  const { name, slug } = pending.tenant;
  await assertNewPassword(ctx, `link ${pending.invite.id}`, password, [email, fullName, name, slug]);
  return await acceptAsNewPerson(ctx, token, { password, fullName, email });
}

async function acceptAsUser(ctx: Call, token: string) {
  const caller = await callerOf(ctx);
  const admitted = caller.kind === 'session';
  return await enterAsUser(
    ctx.pool,
    { caller, readOnly: false, admitted, onActor: noteActor(ctx.auditEntry) },
    async ({ tx, actor: { user } }) => {
      const pending = await find(ctx, tx, token);
      if (user.email !== pending.invite.email) {
        throw new AppError(
          'FORBIDDEN',
          'This invite is for a different e-mail address. Log in with the account of the invited address.',
        );
      }
      await useUp(tx, pending.invite.id);
      return await addMember(ctx, tx, pending, user);
    },
  );
}

async function acceptAsNewPerson(
  ctx: Call,
  token: string,
  person: { email: string; password: string; fullName: string },
) {
  const { email, fullName } = person;
  // No connection is held while Argon2 works, so the invite is checked again after it.
  const passwordHash = await ctx.passwords.hash(person.password);
  return await ctx.pool.transaction({ readOnly: false }, async (tx) => {
    const pending = await find(ctx, tx, token);
    const id = uuidv7();
    // Used up before the account is created, so that of concurrent requests only one creates it.
    await useUp(tx, pending.invite.id);
    const signUps = await lockPendingSignUps(tx, email);
    await insertUser(tx, { id, email, fullName, passwordHash }).catch((error: unknown) => {
      throw violatesUnique(error, 'users_email_key') ? loginRequired() : error;
    });
    await voidSignUps(tx, signUps);
    const [user] = await tx.select().from(users).where(eq(users.id, id));
    if (!user) throw new Error('The account just made is not there');
    return await addMember(ctx, tx, pending, user);
  });
}

async function find(ctx: Call, tx: Tx, token: string): Promise<Pending> {
  const pending = await findPending(tx, ctx.secretKeys, token);
  ctx.auditEntry.note({ tenantId: pending.tenant.id, entityId: pending.invite.id });
  return pending;
}

async function addMember(ctx: Call, tx: Tx, { invite, tenant }: Pending, user: User) {
  const { role } = invite;
  await tx
    .insert(memberships)
    .values({ userId: user.id, tenantId: tenant.id, role })
    .catch((error: unknown) => {
      throw violatesUnique(error, 'user_tenant_membership_pkey')
        ? new AppError('ALREADY_MEMBER', 'You are already a member of this tenant.', {}, error)
        : error;
    });
  ctx.auditEntry.note({ actor: { type: 'user', id: user.id }, changes: { role: [null, role] } });
  await ctx.auditEntry.write(tx, 'success');
  return { user: toUserShape(user), tenant: toTenantShape(tenant, role) };
}

/** The error if the address has an account. An invite must not log anyone in to it or set its password. */
function loginRequired(): AppError {
  return new AppError(
    'UNAUTHENTICATED',
    'The invited address already has an account. Log in to it and accept the invite with its access token.',
  );
}

function incomplete(given: Record<'password' | 'fullName', string | undefined>): AppError {
  const issues = (['password', 'fullName'] as const)
    .filter((field) => given[field] === undefined)
    .map((field) => ({ path: [field], message: 'is required to create an account' }));
  return new AppError('VALIDATION_FAILED', 'The input is not valid. See issues for details.', { issues });
}
