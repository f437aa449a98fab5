import { unauthenticated } from '../../core/auth/access-token.ts';
import { hashApiKey, isApiKey } from '../../core/auth/api-key.ts';
import type { Caller, CallerKind } from '../../db/entering/callers.ts';
import type { BoundSchema } from '../../db/entering/enter.ts';
import type { Context } from './context.ts';
import type { AuditEntryDraft } from './audit-entry.ts';
import type { Meta } from './trpc.ts';

/**
 * Reads who calls from the bearer: a key, or a token whose signature is checked here. Whether what it names is still
 * live, the database says.
 * @throws AppError `UNAUTHENTICATED` for anything that is neither
 */
export async function callerOf(ctx: Context & { auditEntry: AuditEntryDraft }): Promise<Caller> {
  const { bearer } = ctx.request;
  if (bearer === undefined) throw unauthenticated();
  if (isApiKey(bearer)) return { kind: 'apiKey', keyHash: hashApiKey(bearer) };
  const { sub: userId, sid, tid: tenantId, act, exp } = await ctx.accessTokens.verify(bearer);
  ctx.auditEntry.note({
    actor: { type: 'user', id: userId },
    tenantId: tenantId ?? null,
    ...(act && { operatorId: act.sub }),
  });
  const facts = { userId, tenantId, expiresAt: new Date(exp * 1000) };
  return act
    ? { kind: 'assumedIdentity', id: sid, operatorId: act.sub, ...facts }
    : { kind: 'session', sessionId: sid, ...facts };
}

/** A call, for what depends on the kind of its caller. */
interface Called {
  meta: Meta | undefined;
  type: 'query' | 'mutation' | 'subscription';
  schema: BoundSchema;
}

/**
 * Whether a procedure lets callers of this kind in: people in their own name always, others where it says so, and an
 * operator in a member's place only to read where the tables are not the tenant's own.
 */
export function admits({ meta, type, schema }: Called, kind: CallerKind): boolean {
  if (kind === 'session') return true;
  if (kind === 'assumedIdentity' && schema === 'lobby' && type !== 'query') return false;
  return meta?.admits?.includes(kind) ?? false;
}
