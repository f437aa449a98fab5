import { afterAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';

const stack = inject('stack');
const owner = connect(stack.databaseOwnerUrl);
afterAll(() => owner[Symbol.asyncDispose]());

test('the app role can update exactly the listed columns of the lobby', async () => {
  const rows = await owner.sql<{ name: string }[]>`
    select c.relname || '.' || a.attname as name
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and has_column_privilege('atrium_app', c.oid, a.attnum, 'update')`;
  expect(rows.map(({ name }) => name).toSorted()).toEqual([
    'api_keys.last_used_at',
    'api_keys.revoked_at',
    'assumed_identities.ended_at',
    'invites.accepted_at',
    'invites.expires_at',
    'invites.revoked_at',
    'mail_requests.used_at',
    'refresh_tokens.expires_at',
    'refresh_tokens.retired_at',
    'refresh_tokens.successor',
    'refresh_tokens.used_at',
    'sessions.last_seen_at',
    'sessions.revoked_at',
    'sign_ups.password_tag',
    'sign_ups.verification_expires_at',
    'sign_ups.verification_id',
    'sign_ups.verified_at',
    'sign_ups.voided_at',
    'tenants.allow_assumed_identity',
    'tenants.name',
    'tenants.provisioning_error',
    'tenants.provisioning_step',
    'tenants.slug',
    'tenants.status',
    'tenants.updated_at',
    'user_tenant_membership.role',
    'users.disabled_at',
    'users.email',
    'users.full_name',
    'users.password_hash',
    'users.updated_at',
  ]);
});

test('the app role can delete from exactly the listed tables of the lobby', async () => {
  const rows = await owner.sql<{ name: string }[]>`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and has_table_privilege('atrium_app', oid, 'delete')`;
  expect(rows.map(({ name }) => name).toSorted()).toEqual(['former_slugs', 'user_tenant_membership']);
});
