-- Run once in an empty database, by a superuser (or what a managed PostgreSQL calls one): makes the two login roles
-- and the group of all tenants' roles, and closes what PostgreSQL leaves open to everyone. Running it again changes
-- nothing. Passwords are not set here: `alter role atrium_owner password '…'`, and the same for atrium_app.

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
end $$;

alter role atrium_app set search_path = '';
alter role atrium_app set statement_timeout = '10s';
alter role atrium_app set idle_in_transaction_session_timeout = '15s';
alter schema public owner to atrium_owner;
revoke all on schema public from public;

-- Defence in depth: a tenant's role can't change its search_path or role by function call, nor run code blocks.
do $$
begin
  revoke execute on function pg_catalog.set_config(text, text, boolean) from public;
  grant execute on function pg_catalog.set_config(text, text, boolean) to atrium_app, atrium_owner;
  revoke usage on language plpgsql, sql from public;
  grant usage on language plpgsql, sql to atrium_owner;
exception when insufficient_privilege then
  raise notice 'This server does not let us close set_config and the languages: they stay open to tenant roles';
end $$;
