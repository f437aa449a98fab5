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

/** A refusal, an empty page, or a page with rows of the caller's tenant only. */
export type Answer = Reason | 'nothing' | 'own rows';

/** For each id and slug that an admin can send: which thing of another tenant is sent, and the expected answer. */
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

/** The ids of the things of the other tenant, and its slug. */
export type Things = Awaited<ReturnType<typeof makeThings>>;

export async function makeThings(stage: Stage) {
  const { sql, away } = stage;
  const { tenantId, slug } = away;
  const operator = await makePerson(stage, { isSuperuser: true });
  const { userId } = await makePerson(stage, { tenantId });
  const invite = await makeInvite(stage, away);
  const auditRow = crypto.randomUUID();
  // Each of these things gets an audit row.
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

/** An input field of a procedure that is an id or a slug. */
export interface Taken {
  /** The name `noun.verb.field`. */
  name: string;
  procedure: Procedure;
  field: string;
}

const objectSchema = z.object({
  properties: z.record(z.string(), z.looseObject({ format: z.string().optional() })).default({}),
});

/**
 * Finds the input fields of procedures that are ids or slugs, by their schema or their name.
 * @param callers only procedures that one of these may call
 */
export function idsTaken(procedures: readonly Procedure[], callers: readonly Who[] = ['admin']): Taken[] {
  return procedures.flatMap((procedure) => {
    const { path, input } = procedure;
    if (!input || !callers.some((who) => rowOf(path)[who] === 'ok')) return [];
    const { properties } = objectSchema.parse(z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }));
    return (
      Object.entries(properties)
        // The field of a subscription; it names an event, not a thing of a tenant.
        .filter(([field]) => field !== 'lastEventId')
        .filter(([field, { format }]) => format === 'uuid' || /(^id|Id|^slug|Slug)s?$/.test(field))
        .map(([field]) => ({ name: `${path}.${field}`, procedure, field }))
    );
  });
}
