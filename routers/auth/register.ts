import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { emailSchema } from '../../core/mail/address.ts';
import { VERIFICATION_MS } from '../../core/auth/mailed-token.ts';
import { passwordTags } from '../../core/auth/password-tag.ts';
import { slugSchema } from '../../core/tenancy/slug-format.ts';
import { fromNow } from '../../db/connection/clock.ts';
import { signUps } from '../../db/tables/lobby.ts';
import { enqueue, createTenant } from '../procedures/costs.ts';
import { byAddress, take } from '../procedures/limits.ts';
import { publicProcedure } from '../procedures/levels.ts';
import { acceptedShape, nameInput } from '../shapes.ts';

/**
 * Creates a sign-up and its tenant. It does not look up whether the address has an account, so the answer, its duration and
 * its traces are the same for every address. Only the mail differs.
 */
export const register = publicProcedure
  .meta({
    openapi: { method: 'POST', path: '/auth/register', tags: ['auth'], summary: 'Sign up and create a tenant' },
    refusals: ['SLUG_TAKEN', 'PASSWORD_TOO_WEAK'],
    successStatus: 202,
    audit: { action: 'user.register', entityType: 'tenant' },
  })
  .input(
    z.strictObject({
      email: emailSchema,
      password: z.string(),
      fullName: nameInput,
      tenantName: nameInput,
      tenantSlug: slugSchema,
    }),
  )
  .output(acceptedShape)
  .mutation(async ({ ctx, input: { email, password, fullName, tenantName, tenantSlug } }) => {
    await take(ctx, ['mailsByRecipient', email], byAddress(ctx, 'weakPasswordsByAddress'));
    await ctx.passwords.assertStrong(password, [email, fullName, tenantName, tenantSlug]);
    const passwordHash = await ctx.passwords.hash(password);

    await ctx.pool.transaction({ readOnly: false }, async (tx) => {
      const tenantId = await createTenant(ctx, tx, { name: tenantName, slug: tenantSlug });
      const id = uuidv7();
      await tx.insert(signUps).values({
        id,
        email,
        fullName,
        passwordHash,
        passwordTag: passwordTags(ctx.secretKeys, email, password)[0] ?? null,
        tenantId,
        verificationId: uuidv7(),
        verificationExpiresAt: fromNow(VERIFICATION_MS),
      });
      await enqueue(ctx, tx, tenantId, { kind: 'email.send', payload: { template: 'verify-email', signUpId: id } });
      ctx.auditEntry.note({ entityId: tenantId });
      await ctx.auditEntry.write(tx, 'success');
    });
    return { tenant: { slug: tenantSlug, status: 'provisioning' as const } };
  });
