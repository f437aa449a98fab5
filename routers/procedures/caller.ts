import { unauthenticated } from '../../core/auth/access-token.ts';
import { hashApiKey, isApiKey } from '../../core/auth/api-key.ts';
import type { Caller, CallerKind } from '../../db/entering/callers.ts';
import type { BoundSchema } from '../../db/entering/enter.ts';
import type { Context } from './context.ts';
import type { AuditEntryDraft } from './audit-entry.ts';
import type { Meta } from './trpc.ts';

/**
 * Reads the caller from the bearer: an API key, or an access token, whose signature is checked here. Entering the database
 * later checks whether the key or session is still live.
 * @throws AppError `UNAUTHENTICATED` if the bearer is missing or is neither of them
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

/** The facts about a call that decide which kinds of callers it admits. */
interface Called {
  meta: Meta | undefined;
  type: 'query' | 'mutation' | 'subscription';
  schema: BoundSchema;
}

/**
 * Whether a procedure admits callers of this kind. It always admits sessions. It admits API keys and assumed identities if
 * `meta.admits` names them. In the lobby, an assumed identity may only read.
 */
export function admits({ meta, type, schema }: Called, kind: CallerKind): boolean {
  if (kind === 'session') return true;
  if (kind === 'assumedIdentity' && schema === 'lobby' && type !== 'query') return false;
  return meta?.admits?.includes(kind) ?? false;
}
