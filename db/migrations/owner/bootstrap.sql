-- Run in an empty database, by a superuser (or what a managed PostgreSQL calls one): makes the two login roles and the
-- group of all tenants' roles, and closes what PostgreSQL leaves open to everyone. Run it again when `bun run migrate`
-- says that it is outdated; otherwise that changes nothing. Passwords are not set here: `alter role atrium_owner password '…'`, and the same for atrium_app.

do $$
declare
  modern boolean := current_setting('server_version_num')::int >= 160000;
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'tenants') then
    create role tenants nologin;
  end if;
  -- Migrates and provisions: makes schemas and roles. Only the worker and the command line log in as it.
  if not exists (select from pg_catalog.pg_roles where rolname = 'atrium_owner') then
    create role atrium_owner login createrole;
  end if;
  -- The server: owns nothing, inherits nothing.
  if not exists (select from pg_catalog.pg_roles where rolname = 'atrium_app') then
    create role atrium_app login noinherit;
  end if;
  if modern then
    execute 'grant tenants to atrium_owner with admin true, inherit false, set false';
  else
    execute 'grant tenants to atrium_owner with admin option';
  end if;
  execute format('alter database %I owner to atrium_owner', current_database());
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to atrium_app', current_database());
  -- The nodes of a Citus cluster connect to each other as a tenant's role.
  if exists (select from pg_catalog.pg_extension where extname = 'citus') then
    execute format('grant connect on database %I to tenants', current_database());
  end if;
end $$;

alter role atrium_app set search_path = '';
alter role atrium_app set statement_timeout = '10s';
alter role atrium_app set idle_in_transaction_session_timeout = '15s';
alter schema public owner to atrium_owner;
revoke all on schema public from public;

-- Defence in depth: a tenant's role can't change its search_path or role by function call, nor run code blocks, nor
-- leave anything behind on the connection or in the database that outlives its transaction and is no row of its own:
-- advisory locks, large objects, the seed of random(). Nor may it, or the app's role, end other sessions or write into
-- the WAL. Functions are found by name, so that those of a later PostgreSQL are closed too.
do $$
declare
  closed constant text := '^(set_config|setseed|pg_(try_)?advisory_(xact_)?lock(_shared)?|lo_.*|loread|lowrite'
    || '|pg_(cancel|terminate)_backend|pg_logical_emit_message|pg_export_snapshot)$';
  f record;
  open text;
begin
  for f in select oid::regprocedure as signature, proname from pg_catalog.pg_proc
    where pronamespace = 'pg_catalog'::regnamespace and proname ~ closed
  loop
    begin
      execute format('revoke execute on function %s from public', f.signature);
      execute format('grant execute on function %s to atrium_owner', f.signature);
      -- The entering statement sets path, role and tenant by it; db/connection/lane.ts takes off what is set for longer.
      if f.proname = 'set_config' then
        execute format('grant execute on function %s to atrium_app', f.signature);
      elsif f.proname in ('pg_cancel_backend', 'pg_terminate_backend') then
        execute format('grant execute on function %s to pg_signal_backend', f.signature);
      end if;
    exception when insufficient_privilege then
      null;
    end;
  end loop;
  -- db/connection/lane.ts calls it before each COMMIT.
  grant execute on function pg_catalog.pg_advisory_unlock_all() to atrium_app;
  begin
    revoke usage on language plpgsql, sql from public;
    grant usage on language plpgsql, sql to atrium_owner;
  exception when insufficient_privilege then
    null;
  end;
  -- Whoever may not revoke a right is warned at most: so look.
  select string_agg(what, ', ') into open from (
    select distinct p.proname::text as what from pg_catalog.pg_proc p
    where p.pronamespace = 'pg_catalog'::regnamespace and p.proname ~ closed
      and has_function_privilege('tenants', p.oid, 'execute')
    union all
    select 'language ' || lanname from pg_catalog.pg_language
    where lanname in ('plpgsql', 'sql') and has_language_privilege('tenants', oid, 'usage')
  ) still;
  if open is not null then
    raise notice 'This server does not let us close these to tenant roles: %', open;
  end if;
end $$;

-- `bun run migrate` says when a newer version of this file is to be run.
do $$
begin
  execute format('alter database %I set atrium.bootstrap_version = %L', current_database(), '2');
end $$;
