const LIVE_USER = `
  left join public.sessions s on s.id = q.sid and s.user_id = q.sub and s.revoked_at is null and s.expires_at > now()
  left join public.users u on u.id = s.user_id and u.disabled_at is null`;

// created_at as ISO 8601: Drizzle turns this client's parsers for time off.
const USER_COLUMNS = `
  u.id as user_id, u.email, u.full_name, to_json(u.created_at) #>> '{}' as user_created_at`;

/** $1 session, $2 user. Gives one row, with the user if the session is live. */
export const ENTER_AS_USER = `
  select ${USER_COLUMNS}
  from (select $1::uuid as sid, $2::uuid as sub) q ${LIVE_USER}`;

/**
 * $1 session, $2 user, $3 the tenant that the token is for, $4 the slug asked for, $5 the roles let in, $6 the room. Gives
 * one row that says what holds and, if all of it does, binds the transaction. The subquery is fenced by OFFSET 0, so that
 * the checks are made first and once; CASE guards set_config, which has effects. All settings are LOCAL: they end with
 * the transaction.
 */
export const ENTER_TENANT = `
  select f.*,
    case when f.entered and f.room = 'tenant'
      then set_config('search_path', quote_ident(f.schema_name) || ', pg_temp', true) end as path,
    case when f.entered and f.room = 'lobby'
      then set_config('atrium.tenant_id', f.tenant_id::text, true) end as bound,
    case when f.entered and f.room = 'tenant'
      then set_config('role', f.db_role, true) end as db_role_set
  from (
    select ${USER_COLUMNS},
      t.id as tenant_id, t.slug, t.name, t.status, t.schema_name, t.db_role, m.role, q.room,
      coalesce(u.id is not null and t.slug = q.slug and t.status = 'ready' and m.role = any(q.roles), false) as entered
    from (select $1::uuid as sid, $2::uuid as sub, $3::uuid as tid, $4::text as slug, $5::text[] as roles,
      $6::text as room) q ${LIVE_USER}
    left join public.tenants t on t.id = q.tid
    left join public.user_tenant_membership m on m.tenant_id = t.id and m.user_id = u.id
    offset 0
  ) f`;
