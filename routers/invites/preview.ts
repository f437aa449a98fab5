import { z } from 'zod';
import { publicProcedure } from '../procedures/levels.ts';
import { roleShape, tokenInput } from '../shapes.ts';
import { findPending } from './pending.ts';

/** Shows the tenant and role of an invite to the holder of its link. It does not use up the token. */
export const preview = publicProcedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/invites/preview',
      tags: ['invites'],
      summary: 'Show what a mailed invite offers',
    },
    refusals: ['TOKEN_INVALID'],
    audit: { action: 'invite.preview', entityType: 'invite' },
  })
  .input(z.strictObject({ token: tokenInput }))
  .output(
    z
      .object({
        tenantName: z.string(),
        invitedBy: z.string().nullable().describe('Full name of the inviter'),
        role: roleShape,
        emailHint: z.string().describe('The invited address, shortened to its first letter and the domain'),
        hasAccount: z
          .boolean()
          .describe('Whether the invited address has an account: if true, accept with its access token'),
      })
      .meta({ id: 'InvitePreview' }),
  )
  .query(({ ctx, input }) =>
    ctx.pool.transaction({ readOnly: true }, async (tx) => {
      const { invite, tenant, inviter, hasAccount } = await findPending(tx, ctx.secretKeys, input.token);
      const { role, email } = invite;
      return { tenantName: tenant.name, invitedBy: inviter, role, emailHint: shortenedAddress(email), hasAccount };
    }),
  );

function shortenedAddress(email: string): string {
  const at = email.lastIndexOf('@');
  return `${email.slice(0, 1)}***${email.slice(at)}`;
}
