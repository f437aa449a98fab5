import { z } from 'zod';
import type { Reason } from '../../core/errors.ts';
import { PRODUCT_FOREIGN } from '../product/matrix.ts';
import { makeProductThings } from '../product/things.ts';
import type { Who } from './callers.ts';
import { makeIdentity, makeKey, makePerson, makeSession } from './people.ts';
import type { Procedure } from './procedures.ts';
import type { Stage } from './stage.ts';
import { rowOf } from './table.ts';
import { makeInvite } from './things.ts';

/** A refusal, a page without anything on it, or one with nothing of the other tenant's. */
export type Answer = Reason | 'nothing' | 'own rows';

/** What each id and slug that an admin can send is answered when it is another tenant's: which thing is sent, and the answer. */
export const FOREIGN = {
  'auth.register.tenantSlug': ['slug', 'SLUG_TAKEN'],
  'auth.login.tenantSlug': ['slug', 'TENANT_NOT_FOUND'],
  'auth.refresh.tenantSlug': ['slug', 'TENANT_NOT_FOUND'],
  'auth.switchTenant.tenantSlug': ['slug', 'TENANT_NOT_FOUND'],
  'auth.sessions.cursor': ['session', 'own rows'],
  'auth.revokeSession.id': ['session', 'NOT_FOUND'],

  'users.myTenants.cursor': ['tenant', 'own rows'],

  'tenants.create.slug': ['slug', 'SLUG_TAKEN'],
  'tenants.update.slug': ['slug', 'SLUG_TAKEN'],
  'tenants.status.slug': ['slug', 'TENANT_NOT_FOUND'],
  'tenants.onStatus.slug': ['slug', 'TENANT_NOT_FOUND'],

  'members.list.cursor': ['user', 'own rows'],
  'members.updateRole.userId': ['user', 'NOT_FOUND'],
  'members.remove.userId': ['user', 'NOT_FOUND'],

  'invites.list.cursor': ['invite', 'own rows'],
  'invites.get.id': ['invite', 'NOT_FOUND'],
  'invites.resend.id': ['invite', 'NOT_FOUND'],
  'invites.revoke.id': ['invite', 'NOT_FOUND'],

  'audit.list.cursor': ['auditRow', 'own rows'],
  'audit.list.actorId': ['user', 'nothing'],
  'audit.list.operatorId': ['operator', 'nothing'],
  'audit.history.cursor': ['auditRow', 'own rows'],
  'audit.history.entityId': ['invite', 'nothing'],

  'apiKeys.list.cursor': ['key', 'own rows'],
  'apiKeys.revoke.id': ['key', 'NOT_FOUND'],

  ...PRODUCT_FOREIGN,
} as const satisfies Record<string, readonly [keyof Things, Answer]>;

/** What the other tenant has, by id; and its slug. */
export type Things = Awaited<ReturnType<typeof makeThings>>;

export async function makeThings(stage: Stage) {
  const { sql, away } = stage;
  const { tenantId, slug } = away;
  const operator = await makePerson(stage, { isSuperuser: true });
  const { userId } = await makePerson(stage, { tenantId });
  const invite = await makeInvite(stage, away);
  const auditRow = crypto.randomUUID();
  // As if each of them had left a trace.
  await sql`
    insert into public.audit_logs
      (id, tenant_id, action, entity_type, entity_id, actor_type, actor_id, operator_id, outcome)
    values (${auditRow}, ${tenantId}, 'invite.resend', 'invite', ${invite.id}, 'user', ${userId}, ${operator.userId},
      'success')`;
  return {
    slug,
    tenant: tenantId,
    user: userId,
    operator: operator.userId,
    session: await makeSession(stage, userId),
    identity: await makeIdentity(stage, { operator, userId, tenantId, mode: 'read' }),
    invite: invite.id,
    key: (await makeKey(stage, { tenantId, role: 'member' })).id,
    auditRow,
    ...(await makeProductThings(stage)),
  };
}

/** An id or a slug that a procedure takes. */
export interface Taken {
  /** As `noun.verb.field`. */
  name: string;
  procedure: Procedure;
  field: string;
}

const objectSchema = z.object({
  properties: z.record(z.string(), z.looseObject({ format: z.string().optional() })).default({}),
});

/**
 * What of the input of procedures is an id or a slug, by its schema or by its name.
 * @param callers only procedures that one of these may call
 */
export function idsTaken(procedures: readonly Procedure[], callers: readonly Who[] = ['admin']): Taken[] {
  return procedures.flatMap((procedure) => {
    const { path, input } = procedure;
    if (!input || !callers.some((who) => rowOf(path)[who] === 'ok')) return [];
    const { properties } = objectSchema.parse(z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }));
    return (
      Object.entries(properties)
        // Of a subscription; it names an event, and nothing of a tenant's.
        .filter(([field]) => field !== 'lastEventId')
        .filter(([field, { format }]) => format === 'uuid' || /(^id|Id|^slug|Slug)s?$/.test(field))
        .map(([field]) => ({ name: `${path}.${field}`, procedure, field }))
    );
  });
}
