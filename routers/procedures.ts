import { unauthenticated } from '../core/access-token.ts';
import { AppError } from '../core/errors.ts';
import { enterAsUser, enterTenant, type Room } from '../db/enter.ts';
import { isSuperuser } from '../db/users.ts';
import type { Role } from '../db/lobby.ts';
import { reportOf } from './errors.ts';
import { createTrail, outcomeOf } from './trail.ts';
import { baseProcedure } from './trpc.ts';

// public → user → member → admin, and superuser. Each middleware adds one fact to the context.

/**
 * Keeps the audit row of the call. A success writes it in its own transaction; what was denied or failed gets its
 * row here, before the answer.
 */
const trailed = baseProcedure.use(async ({ ctx, next, type, path, meta }) => {
  if (!meta?.audit) throw new Error(`${path} has no name for the audit log: give it meta.audit`);
  const trail = createTrail(ctx.request, meta.audit);
  const result = await next({ ctx: { trail } });
  if (result.ok) {
    if (type === 'mutation' && !trail.written) throw new Error(`${path} changed something without an audit row`);
    return result;
  }
  const { reason } = reportOf(result.error);
  const outcome = outcomeOf(reason, { type, identified: trail.identified });
  if (outcome && !trail.settled) {
    await ctx.pool
      .transaction({ readOnly: false }, (tx) => trail.write(tx, outcome))
      // The refusal stands whether or not it could be written down.
      .catch((error: unknown) => ctx.log.error({ err: error, requestId: ctx.request.id }, 'audit row lost'));
  }
  return result;
});

export const publicProcedure = trailed.meta({ access: 'public' });

/** The token's claims, its signature checked. Whether the session is still live, the database says. */
const authenticated = trailed.use(async ({ ctx, next }) => {
  if (ctx.request.bearer === undefined) throw unauthenticated();
  const claims = await ctx.accessTokens.verify(ctx.request.bearer);
  ctx.trail.note({ actorId: claims.sub, tenantId: claims.tid ?? null });
  return next({ ctx: { claims } });
});

/** A live session of anyone. `db` is the lobby, in one transaction. */
export const userProcedure = authenticated.meta({ access: 'user' }).use(({ ctx, next, type }) =>
  enterAsUser(ctx.pool, { claims: ctx.claims, readOnly: type !== 'mutation' }, async ({ tx, user }) => {
    const result = await next({ ctx: { user, db: tx } });
    // tRPC hands an error on as a value; only a throw rolls the transaction back.
    if (!result.ok) throw result.error;
    if (type === 'mutation') await ctx.trail.write(tx, 'success');
    return result;
  }),
);

/** A live session, and no transaction: a stream lives long, so it enters anew for each of its reads. */
export const streamProcedure = authenticated.meta({ access: 'user' }).use(async ({ ctx, next }) => {
  const user = await enterAsUser(ctx.pool, { claims: ctx.claims, readOnly: true }, async (entered) => entered.user);
  return next({ ctx: { user } });
});

function insideTenant(door: { room: Room; roles: readonly Role[] }) {
  return authenticated.use(({ ctx, next, type }) =>
    enterTenant(
      ctx.pool,
      { ...door, claims: ctx.claims, slug: ctx.request.tenantSlug, readOnly: type !== 'mutation' },
      async ({ tx, user, tenant, role }) => {
        const result = await next({ ctx: { user, tenant, role, db: tx } });
        if (!result.ok) throw result.error;
        if (type === 'mutation') await ctx.trail.write(tx, 'success');
        return result;
      },
    ),
  );
}

const ANY_MEMBER = ['admin', 'member'] as const;
const ADMIN = ['admin'] as const;

/** A member, bound to the tenant's own tables. */
export const memberProcedure = insideTenant({ room: 'tenant', roles: ANY_MEMBER }).meta({ access: 'member' });
/** An admin, bound to the tenant's own tables. */
export const adminProcedure = insideTenant({ room: 'tenant', roles: ADMIN }).meta({ access: 'admin' });
/** A member, over those rows of the lobby that are the tenant's. */
export const memberLobbyProcedure = insideTenant({ room: 'lobby', roles: ANY_MEMBER }).meta({ access: 'member' });

/** An operator of the platform: by their row in `users`, never by a token. */
export const superuserProcedure = userProcedure.meta({ access: 'superuser' }).use(async ({ ctx, next }) => {
  if (!(await isSuperuser(ctx.db, ctx.user.id))) {
    throw new AppError('FORBIDDEN', 'This needs an operator of the platform.');
  }
  return next();
});
