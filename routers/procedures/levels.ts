import { AppError, findCause } from '../../core/errors.ts';
import type { Actor } from '../../db/entering/callers.ts';
import { DatabaseRefusal } from '../../db/connection/errors.ts';
import { enterAsUser, enterTenant, type BoundSchema, type TenantEntered } from '../../db/entering/enter.ts';
import { ROLES, type Role } from '../../db/tables/lobby.ts';
import { admits, callerOf } from './caller.ts';
import { reportOf } from './errors.ts';
import { byAddress, byCaller, refund, take, takeUpfront } from './limits.ts';
import { recorded } from './recorded.ts';
import { openStream } from './streams.ts';
import { outcomeOf, type AuditEntryDraft } from './audit-entry.ts';

// The access levels: public → user → member → admin, and superuser. Each middleware adds one fact to the context.

/**
 * Makes sure that the call has its audit row. A mutation that succeeds writes the row in its own transaction. The row of a
 * refusal, and of a read under an assumed identity, is written here, before the response.
 */
const withAuditEntry = recorded.use(async ({ ctx, next, type, path }) => {
  const { auditEntry } = ctx;
  const result = await next();
  if (result.ok) {
    await refund(ctx, 'ok');
    if (type === 'mutation' && !auditEntry.written) throw new Error(`${path} changed something without an audit row`);
    // If this row cannot be written, the operator does not receive the data.
    if (auditEntry.assumed && !auditEntry.written) {
      await ctx.pool.transaction({ readOnly: false }, (tx) => auditEntry.write(tx, 'success'));
    }
    return result;
  }
  const { reason } = reportOf(result.error);
  await refund(ctx, reason);
  if (findCause(result.error, (cause) => cause instanceof DatabaseRefusal)) {
    ctx.log.warn({ err: result.error, path, requestId: ctx.request.id }, 'the database rejected what a procedure sent');
  }
  const { identified, assumed } = auditEntry;
  const outcome = outcomeOf(reason, { type, identified, assumed });
  if (outcome && !auditEntry.settled) {
    await ctx.pool
      .transaction({ readOnly: false }, (tx) => auditEntry.write(tx, outcome))
      // The call stays refused, even if the row cannot be written.
      .catch((error: unknown) => ctx.log.error({ err: error, requestId: ctx.request.id }, 'audit row lost'));
  }
  return result;
});

/** For any caller. Calls are counted by the client's address. */
export const publicProcedure = withAuditEntry.meta({ access: 'public' }).use(async ({ ctx, next }) => {
  await take(ctx, byAddress(ctx));
  await takeUpfront(ctx);
  return next();
});

/** Adds the caller, as the bearer names it. Entering the database later checks whether the caller is still live. */
const authenticated = withAuditEntry.use(async ({ ctx, next, getRawInput }) => {
  const caller = await callerOf(ctx).catch(async (error: unknown) => {
    await take(ctx, byAddress(ctx));
    throw error;
  });
  await take(ctx, ...byCaller(ctx, caller));
  await takeUpfront(ctx, caller);
  // The whole body is read before the transaction begins. Otherwise a slow sender would hold a transaction open and act on
  // an old check. Its errors are reported later, when the procedure parses its input.
  await getRawInput().catch(() => undefined);
  return next({ ctx: { caller } });
});

/** For any user with a live session. `db` is a transaction in the lobby. */
export const userProcedure = authenticated.meta({ access: 'user' }).use(({ ctx, next, type, meta }) =>
  enterAsUser(
    ctx.pool,
    {
      caller: ctx.caller,
      readOnly: type !== 'mutation',
      admitted: admits({ meta, type, schema: 'lobby' }, ctx.caller.kind),
      onActor: noteActor(ctx.auditEntry),
    },
    async ({ tx, actor }) => {
      const result = await next({ ctx: { actor, user: actor.user, db: tx } });
      // tRPC returns errors as values. Throwing this one rolls the transaction back.
      if (!result.ok) throw result.error;
      if (type === 'mutation') await ctx.auditEntry.write(tx, 'success');
      return result;
    },
  ),
);

/**
 * For any user with a live session, without a transaction. Use it for a stream, which enters the database again for each
 * read, and for procedures that hash passwords, which must hold no connection during that.
 */
export const unboundUserProcedure = authenticated.meta({ access: 'user' }).use(async ({ ctx, next, type }) => {
  const { caller } = ctx;
  if (caller.kind !== 'session') {
    // enterAsUser throws `UNAUTHENTICATED` if the caller is not live, and otherwise refuses it.
    const readOnly = type !== 'mutation';
    await enterAsUser(ctx.pool, { caller, readOnly, admitted: false, onActor: noteActor(ctx.auditEntry) }, refuse);
    return refuse();
  }
  const { user } = await enterAsUser(ctx.pool, { caller, readOnly: true, admitted: true }, async ({ actor }) => actor);
  return next({ ctx: { caller, user } });
});

function refuse(): never {
  throw new AppError('FORBIDDEN', "Only a user's own access token can call this procedure.");
}

function tenantProcedure(entry: { schema: BoundSchema; roles: readonly Role[] }) {
  return authenticated.use(({ ctx, next, type, meta }) =>
    enterTenant(
      ctx.pool,
      {
        ...entry,
        caller: ctx.caller,
        slug: ctx.request.tenantSlug,
        readOnly: type !== 'mutation',
        admitted: admits({ meta, type, schema: entry.schema }, ctx.caller.kind),
        onActor: noteActor(ctx.auditEntry),
      },
      async ({ tx, actor, tenant, role }) => {
        const result = await next({ ctx: { actor, tenant, role, db: tx } });
        if (!result.ok) throw result.error;
        if (type === 'mutation') await ctx.auditEntry.write(tx, 'success');
        return result;
      },
    ),
  );
}

/** Notes an API key as the actor of the audit row. The id of a key is known only after the database has found it. */
export function noteActor(auditEntry: AuditEntryDraft): (actor: Actor) => void {
  return (actor) => {
    if (actor.type === 'apiKey') auditEntry.note({ actor: { type: 'apiKey', id: actor.id }, tenantId: actor.tenantId });
  };
}

/** Like `tenantProcedure` over the lobby, but it refuses API keys. */
function personTenantProcedure(roles: readonly Role[]) {
  return tenantProcedure({ schema: 'lobby', roles }).use(({ ctx, next }) => {
    if (ctx.actor.type !== 'user') throw new AppError('FORBIDDEN', 'API keys cannot call this procedure.');
    return next({ ctx: { actor: ctx.actor, user: ctx.actor.user } });
  });
}

const ADMIN = ['admin'] as const;
/** API keys and assumed identities may use the tenant's own tables. */
const OWN_TABLES = { admits: ['apiKey', 'assumedIdentity'] } as const;

/** For members. `db` is a transaction over the tenant's own tables. */
export const memberProcedure = tenantProcedure({ schema: 'tenant', roles: ROLES }).meta({
  access: 'member',
  ...OWN_TABLES,
});
/** For admins. `db` is a transaction over the tenant's own tables. */
export const adminProcedure = tenantProcedure({ schema: 'tenant', roles: ADMIN }).meta({
  access: 'admin',
  ...OWN_TABLES,
});

/** For members. `db` is a transaction over the tenant's rows of the lobby. `meta.admits` names other kinds of callers. */
export const memberLobbyProcedure = tenantProcedure({ schema: 'lobby', roles: ROLES }).meta({ access: 'member' });
/** For admins. `db` is a transaction over the tenant's rows of the lobby. `meta.admits` names other kinds of callers. */
export const adminLobbyProcedure = tenantProcedure({ schema: 'lobby', roles: ADMIN }).meta({ access: 'admin' });

/**
 * Like `adminLobbyProcedure`, but without a transaction, for reads that are too large for one. `ctx.enter` checks the caller
 * again and runs one part of the work in its own transaction.
 */
export const unboundAdminProcedure = authenticated.meta({ access: 'admin' }).use(async ({ ctx, next, type, meta }) => {
  const { caller, request, pool } = ctx;
  const admitted = admits({ meta, type, schema: 'lobby' }, caller.kind);
  const entry = { schema: 'lobby', roles: ADMIN, caller, slug: request.tenantSlug, admitted } as const;
  const enter = <T>(readOnly: boolean, work: (entered: TenantEntered) => Promise<T>): Promise<T> =>
    enterTenant(pool, { ...entry, readOnly, onActor: noteActor(ctx.auditEntry) }, work);
  const { actor, tenant } = await enter(true, (entered) => Promise.resolve(entered));
  // Such a large read shares the limit of concurrent streams.
  const open = (): (() => void) => openStream(ctx, actor.type === 'apiKey' ? actor.id : actor.user.id);
  return next({ ctx: { actor, tenant, enter, openStream: open } });
});

/** Like `memberLobbyProcedure`, but it refuses API keys. */
export const memberPersonProcedure = personTenantProcedure(ROLES).meta({ access: 'member' });
/** Like `adminLobbyProcedure`, but it refuses API keys. */
export const adminPersonProcedure = personTenantProcedure(ADMIN).meta({ access: 'admin' });

/**
 * For platform operators. The row in `users` decides who is one, not the token. The audit row goes to the platform's log,
 * whatever the tenant of the token, unless the procedure notes a `tenantId`.
 */
export const superuserProcedure = userProcedure.meta({ access: 'superuser' }).use(({ ctx, next }) => {
  if (!ctx.actor.isSuperuser) throw notAnOperator();
  ctx.auditEntry.note({ tenantId: null });
  return next();
});

export function notAnOperator(): AppError {
  return new AppError('FORBIDDEN', 'Only platform operators can call this procedure.');
}
