import type { NoneOf } from '../none-of.ts';
import { PRODUCT_ACTIONS } from './product/actions.ts';

const ATRIUM_ACTIONS = {
  'api_key.create': 'api_key',
  'api_key.list': 'api_key',
  'api_key.revoke': 'api_key',
  'audit.drop': 'audit_log',
  'audit.export': 'audit_log',
  'audit.history': 'audit_log',
  'audit.list': 'audit_log',
  'audit.reseal': 'audit_log',
  'audit.verify': 'audit_log',
  'identity.assume': 'assumed_identity',
  'identity.end': 'assumed_identity',
  'identity.list': 'assumed_identity',
  'invite.accept': 'invite',
  'invite.create': 'invite',
  'invite.list': 'invite',
  'invite.preview': 'invite',
  'invite.read': 'invite',
  'invite.resend': 'invite',
  'invite.revoke': 'invite',
  'mail.refuse': ['invite', 'mail_request', 'sign_up'],
  'member.leave': 'member',
  'member.list': 'member',
  'member.remove': 'member',
  'member.role_change': 'member',
  'session.list': 'session',
  'session.refresh': 'session',
  'session.revoke': 'session',
  'session.switch_tenant': 'session',
  'tenant.create': 'tenant',
  'tenant.list': 'tenant',
  'tenant.provision': 'tenant',
  'tenant.read': 'tenant',
  'tenant.reap': 'tenant',
  'tenant.retry_provisioning': 'tenant',
  'tenant.status': 'tenant',
  'tenant.update': 'tenant',
  'tenant.watch': 'tenant',
  'user.change_password': 'user',
  'user.demote': 'user',
  'user.disable': 'user',
  'user.enable': 'user',
  'user.list': 'user',
  'user.login': 'user',
  'user.logout': 'session',
  'user.logout_all': 'user',
  'user.preview_sign_up': 'user',
  'user.promote': 'user',
  'user.read': 'user',
  'user.register': 'tenant',
  'user.request_password_reset': 'user',
  'user.resend_verification': 'user',
  'user.reset_password': 'user',
  'user.update': 'user',
  'user.verify_email': 'user',
} as const;

/**
 * Every action that the code writes into an audit log, as `noun.verb`, with the type of its entity. An action on entities of
 * several types has a list. A log may also hold actions that earlier versions wrote.
 */
export const AUDIT_ACTIONS = {
  ...ATRIUM_ACTIONS,
  ...(PRODUCT_ACTIONS satisfies NoneOf<typeof ATRIUM_ACTIONS>),
} as const satisfies Record<`${string}.${string}`, string | readonly string[]>;

type Actions = typeof AUDIT_ACTIONS;

export type AuditAction = keyof Actions;

export type EntityType<Action extends AuditAction = AuditAction> = Actions[Action] extends readonly (infer Each)[]
  ? Each
  : Actions[Action];

/** An action together with one of its entity types. */
export type AuditSubject = { [Action in AuditAction]: { action: Action; entityType: EntityType<Action> } }[AuditAction];
