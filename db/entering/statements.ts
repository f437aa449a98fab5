import type { CallerKind } from './callers.ts';

// The statements for each kind of caller, to enter a tenant or the lobby. All conditions of a live caller are joined within
// one outer join: in a chain of outer joins PostgreSQL 18.4 replaces a null-extended column by the constant that it would
// have matched (docs/decisions/0008). So `entered` also checks the caller itself.

interface Source {
  /** The parameters that identify the caller, from $1 on, as the list of a `select`. */
  given: string;
  /** The number of these parameters. */
  parameters: number;
  /** The joins that find the caller, if live. */
  joins: string;
  /** The id of the caller's tenant. */
  tenantId: string;
  /** Whether the caller was found. */
  live: string;
  /** The columns of `CallerRow`. */
  columns: string;
  role: string;
  /** Whether the transaction must be read-only in every procedure. */
  readOnly: string;
}

const LAST_SEEN = `interval '1 minute'`;

// Times are formatted as ISO 8601, since Drizzle turns off this client's parsers of times.
const USER = `u.id as user_id, u.email, u.full_name, to_json(u.created_at) #>> '{}' as user_created_at`;
const NOT_ASSUMED = `null::uuid as assumed_id, null::uuid as operator_id, null as operator_email, null as operator_name,
  null as mode, null as reason, null as assumed_until`;
const NO_KEY = `null::uuid as key_id, null::uuid as key_tenant_id`;

const SOURCES: Record<CallerKind, Source> = {
  session: {
    given: `$1::uuid as sid, $2::uuid as sub, $3::uuid as tid`,
    parameters: 3,
    joins: `
      left join (public.sessions s join public.users u on u.id = s.user_id and u.disabled_at is null)
        on s.id = q.sid and s.user_id = q.sub and s.revoked_at is null and s.expires_at > now()`,
    tenantId: 'q.tid',
    live: 'u.id is not null',
    columns: `${USER}, u.is_superuser, s.id as session_id, ${NOT_ASSUMED}, ${NO_KEY},
      coalesce(s.last_seen_at < now() - ${LAST_SEEN}, false) as stale`,
    role: 'm.role',
    readOnly: 'false',
  },
  // Every request checks the operator, their session and the tenant's consent, so the end of one ends the assumed identity.
  assumedIdentity: {
    given: `$1::uuid as aid, $2::uuid as sub, $3::uuid as tid, $4::uuid as act`,
    parameters: 4,
    joins: `
      left join (public.assumed_identities a
        join public.tenants c on c.id = a.tenant_id and c.allow_assumed_identity
        join public.sessions s on s.id = a.operator_session_id and s.user_id = a.operator_id
          and s.revoked_at is null and s.expires_at > now()
        join public.users o on o.id = a.operator_id and o.is_superuser and o.disabled_at is null
        join public.users u on u.id = a.user_id and u.disabled_at is null and not u.is_superuser
        join public.user_tenant_membership n on n.tenant_id = a.tenant_id and n.user_id = a.user_id)
        on a.id = q.aid and a.user_id = q.sub and a.tenant_id = q.tid and a.operator_id = q.act
          and a.ended_at is null and a.expires_at > now()`,
    tenantId: 'q.tid',
    live: 'u.id is not null',
    columns: `${USER}, false as is_superuser, s.id as session_id, a.id as assumed_id, o.id as operator_id,
      o.email as operator_email, o.full_name as operator_name, a.mode, a.reason,
      to_json(a.expires_at) #>> '{}' as assumed_until, ${NO_KEY}, false as stale`,
    role: 'm.role',
    readOnly: `a.mode = 'read'`,
  },
  apiKey: {
    given: `decode($1, 'hex') as key_hash`,
    parameters: 1,
    joins: `
      left join public.api_keys k on k.key_hash = q.key_hash and k.revoked_at is null and k.expires_at > now()
      left join public.users u on false`,
    tenantId: 'k.tenant_id',
    live: 'k.id is not null',
    columns: `${USER}, false as is_superuser, null::uuid as session_id, ${NOT_ASSUMED},
      k.id as key_id, k.tenant_id as key_tenant_id,
      k.id is not null and coalesce(k.last_used_at < now() - ${LAST_SEEN}, true) as stale`,
    role: 'k.role',
    readOnly: 'false',
  },
};

/** Takes the caller's parameters. Returns one row, with the caller if it is live. */
function asUser({ given, joins, columns }: Source): string {
  return `select ${columns} from (select ${given}) q ${joins}`;
}

/**
 * Takes the caller's parameters, the requested slug, the admitted roles, and the schema. Returns one row with the caller and
 * the tenant. If all checks pass, it also binds the transaction to the tenant. OFFSET 0 keeps PostgreSQL from merging the
 * subquery, so the checks run first and once. CASE keeps set_config from running if they fail. All settings are LOCAL: they
 * end with the transaction.
 */
function tenant({ given, parameters, joins, tenantId, live, columns, role, readOnly }: Source): string {
  const next = (offset: number): string => `$${parameters + offset}`;
  return `
  select f.*,
    case when f.entered and f.schema = 'tenant'
      then set_config('search_path', quote_ident(f.schema_name) || ', pg_temp', true) end as path,
    case when f.entered and f.schema = 'lobby'
      then set_config('atrium.tenant_id', f.tenant_id::text, true) end as bound,
    case when f.entered and f.schema = 'tenant'
      then set_config('role', f.db_role, true) end as db_role_set,
    case when f.entered and f.read_only
      then set_config('transaction_read_only', 'on', true) end as read_only_set
  from (
    select ${columns}, coalesce(${readOnly}, false) as read_only,
      t.id as tenant_id, t.slug, t.name, t.status, t.schema_name, t.db_role, ${role} as role, q.schema,
      coalesce(${live} and t.slug = q.slug and t.status = 'ready' and ${role} = any(q.roles), false) as entered
    from (select ${given}, ${next(1)}::text as slug, ${next(2)}::text[] as roles, ${next(3)}::text as schema) q ${joins}
    left join public.tenants t on t.id = ${tenantId}
    left join public.user_tenant_membership m on m.tenant_id = t.id and m.user_id = u.id
    offset 0
  ) f`;
}

export const ENTER_AS_USER = {
  session: asUser(SOURCES.session),
  assumedIdentity: asUser(SOURCES.assumedIdentity),
  apiKey: asUser(SOURCES.apiKey),
} satisfies Record<CallerKind, string>;

export const ENTER_TENANT = {
  session: tenant(SOURCES.session),
  assumedIdentity: tenant(SOURCES.assumedIdentity),
  apiKey: tenant(SOURCES.apiKey),
} satisfies Record<CallerKind, string>;
