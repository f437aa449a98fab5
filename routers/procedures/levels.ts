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

// public → user → member → admin, and superuser. Each middleware adds one fact to the context.

/**
 * Keeps the audit row of the call. A success writes it in its own transaction; what was denied or failed, and what was
 * read under an assumed identity, gets its row here, before the answer.
 */
const withAuditEntry = recorded.use(async ({ ctx, next, type, path }) => {
  const { auditEntry } = ctx;
  const result = await next();
  await refund(ctx, result.ok ? 'ok' : reportOf(result.error).reason);
  if (result.ok) {
    if (type === 'mutation' && !auditEntry.written) throw new Error(`${path} changed something without an audit row`);
    // Nothing is shown to an operator that is not written down.
    if (auditEntry.assumed && !auditEntry.written) {
      await ctx.pool.transaction({ readOnly: false }, (tx) => auditEntry.write(tx, 'success'));
    }
    return result;
  }
  const { reason } = reportOf(result.error);
  if (findCause(result.error, (cause) => cause instanceof DatabaseRefusal)) {
    ctx.log.warn({ err: result.error, path, requestId: ctx.request.id }, 'the database rejected what a procedure sent');
  }
  const { identified, assumed } = auditEntry;
  const outcome = outcomeOf(reason, { type, identified, assumed });
  if (outcome && !auditEntry.settled) {
    await ctx.pool
      .transaction({ readOnly: false }, (tx) => auditEntry.write(tx, outcome))
      // The refusal stands whether or not it could be written down.
      .catch((error: unknown) => ctx.log.error({ err: error, requestId: ctx.request.id }, 'audit row lost'));
  }
  return result;
});

/** Anyone, counted by their address. */
export const publicProcedure = withAuditEntry.meta({ access: 'public' }).use(async ({ ctx, next }) => {
  await take(ctx, byAddress(ctx));
  await takeUpfront(ctx);
  return next();
});

/** Who calls, as far as the bearer says. Whether it still holds, the database says. */
const authenticated = withAuditEntry.use(async ({ ctx, next, getRawInput }) => {
  const caller = await callerOf(ctx).catch(async (error: unknown) => {
    await take(ctx, byAddress(ctx));
    throw error;
  });
  await take(ctx, ...byCaller(ctx, caller));
  await takeUpfront(ctx, caller);
  // The whole body is here before anything is looked up: a caller who sends it slowly must not hold a transaction open, nor
  // act on a check that is old by then. What is wrong with it is said in its turn.
  await getRawInput().catch(() => undefined);
  return next({ ctx: { caller } });
});

/** A live session of anyone. `db` is the lobby, in one transaction. */
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
      // tRPC hands an error on as a value; only a throw rolls the transaction back.
      if (!result.ok) throw result.error;
      if (type === 'mutation') await ctx.auditEntry.write(tx, 'success');
      return result;
    },
  ),
);

/**
 * A live session, and no transaction. For a stream, which lives long and enters anew for each of its reads, and for what
 * hashes passwords, which holds no connection meanwhile.
 */
export const unboundUserProcedure = authenticated.meta({ access: 'user' }).use(async ({ ctx, next, type }) => {
  const { caller } = ctx;
  if (caller.kind !== 'session') {
    // Refused by enterAsUser, which knows whether the caller is live at all.
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

function insideTenant(door: { schema: BoundSchema; roles: readonly Role[] }) {
  return authenticated.use(({ ctx, next, type, meta }) =>
    enterTenant(
      ctx.pool,
      {
        ...door,
        caller: ctx.caller,
        slug: ctx.request.tenantSlug,
        readOnly: type !== 'mutation',
        admitted: admits({ meta, type, schema: door.schema }, ctx.caller.kind),
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

/** A key is known only once the database has found it. */
export function noteActor(auditEntry: AuditEntryDraft): (actor: Actor) => void {
  return (actor) => {
    if (actor.type === 'apiKey') auditEntry.note({ actor: { type: 'apiKey', id: actor.id }, tenantId: actor.tenantId });
  };
}

/** The same over the lobby, for what only a person does. */
function personInsideTenant(roles: readonly Role[]) {
  return insideTenant({ schema: 'lobby', roles }).use(({ ctx, next }) => {
    if (ctx.actor.type !== 'user') throw new AppError('FORBIDDEN', 'API keys cannot call this procedure.');
    return next({ ctx: { actor: ctx.actor, user: ctx.actor.user } });
  });
}

const ADMIN = ['admin'] as const;
/** The tenant's own tables are open to its keys, and to an operator in a member's place. */
const OWN_TABLES = { admits: ['apiKey', 'assumedIdentity'] } as const;

/** A member, bound to the tenant's own tables. */
export const memberProcedure = insideTenant({ schema: 'tenant', roles: ROLES }).meta({
  access: 'member',
  ...OWN_TABLES,
});
/** An admin, bound to the tenant's own tables. */
export const adminProcedure = insideTenant({ schema: 'tenant', roles: ADMIN }).meta({ access: 'admin', ...OWN_TABLES });

/** A member, over those rows of the lobby that are the tenant's. `meta.admits` says who may beside people. */
export const memberLobbyProcedure = insideTenant({ schema: 'lobby', roles: ROLES }).meta({ access: 'member' });
/** An admin, over those rows of the lobby that are the tenant's. `meta.admits` says who may beside people. */
export const adminLobbyProcedure = insideTenant({ schema: 'lobby', roles: ADMIN }).meta({ access: 'admin' });

/**
 * As adminLobbyProcedure, without a transaction: for what reads so much that it takes many. `enter` checks the caller anew,
 * and runs one piece of the work in a transaction of its own.
 */
export const unboundAdminProcedure = authenticated.meta({ access: 'admin' }).use(async ({ ctx, next, type, meta }) => {
  const { caller, request, pool } = ctx;
  const admitted = admits({ meta, type, schema: 'lobby' }, caller.kind);
  const door = { schema: 'lobby', roles: ADMIN, caller, slug: request.tenantSlug, admitted } as const;
  const enter = <T>(readOnly: boolean, work: (entered: TenantEntered) => Promise<T>): Promise<T> =>
    enterTenant(pool, { ...door, readOnly, onActor: noteActor(ctx.auditEntry) }, work);
  const { actor, tenant } = await enter(true, (entered) => Promise.resolve(entered));
  // Whoever asks for so much at once that it counts as a stream has as many as of those.
  const open = (): (() => void) => openStream(ctx, actor.type === 'apiKey' ? actor.id : actor.user.id);
  return next({ ctx: { actor, tenant, enter, openStream: open } });
});

/** As memberLobbyProcedure, never by a key. */
export const memberPersonProcedure = personInsideTenant(ROLES).meta({ access: 'member' });
/** As adminLobbyProcedure, never by a key. */
export const adminPersonProcedure = personInsideTenant(ADMIN).meta({ access: 'admin' });

/**
 * An operator of the platform: by their row in `users`, never by a token. What they do stands in the platform's log, whatever
 * tenant their token is for, unless the procedure says otherwise.
 */
export const superuserProcedure = userProcedure.meta({ access: 'superuser' }).use(({ ctx, next }) => {
  if (!ctx.actor.isSuperuser) throw notAnOperator();
  ctx.auditEntry.note({ tenantId: null });
  return next();
});

export function notAnOperator(): AppError {
  return new AppError('FORBIDDEN', 'Only platform operators can call this procedure.');
}
