-- The audit log by month, so that old months can be dropped whole; and who may do what with the tables of 0004.

alter table public.audit_logs rename to audit_logs_before;
--> statement-breakpoint
alter table public.audit_logs_before rename constraint audit_logs_id_created_at_pk to audit_logs_before_pk;
--> statement-breakpoint
alter index public.audit_logs_tenant_id_id_idx rename to audit_logs_before_tenant_id_id_idx;
--> statement-breakpoint
alter index public.audit_logs_entity_idx rename to audit_logs_before_entity_idx;
--> statement-breakpoint
alter index public.audit_logs_action_idx rename to audit_logs_before_action_idx;
--> statement-breakpoint
alter index public.audit_logs_actor_idx rename to audit_logs_before_actor_idx;
--> statement-breakpoint
drop policy app on public.audit_logs_before;
--> statement-breakpoint
drop policy own_tenant on public.audit_logs_before;
--> statement-breakpoint
revoke all on public.audit_logs_before from atrium_app, tenants;
--> statement-breakpoint
create table public.audit_logs (
  like public.audit_logs_before including defaults,
  constraint audit_logs_id_created_at_pk primary key (id, created_at)
) partition by range (created_at);
--> statement-breakpoint
create index audit_logs_tenant_id_id_idx on public.audit_logs (tenant_id, id);
--> statement-breakpoint
create index audit_logs_entity_idx on public.audit_logs (tenant_id, entity_type, entity_id);
--> statement-breakpoint
create index audit_logs_action_idx on public.audit_logs (tenant_id, action, id);
--> statement-breakpoint
create index audit_logs_actor_idx on public.audit_logs (actor_id, id);
--> statement-breakpoint

-- A month's partition is closed to everyone but the owner: what may be done is done through the whole.
create function public.make_audit_partitions(months integer) returns void
language plpgsql set search_path = '' as $$
declare
  month timestamp;
  name text;
begin
  for ahead in 0..months loop
    month := date_trunc('month', now() at time zone 'UTC') + make_interval(months => ahead);
    name := 'audit_logs_' || to_char(month, 'YYYY_MM');
    continue when exists (
      select from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'public.audit_logs'::regclass
        and (c.relname = name or (ahead = 0 and c.relname = 'audit_logs_before')));
    begin
      execute format('create table public.%I partition of public.audit_logs for values from (%L) to (%L)',
        name, month at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
      execute format('alter table public.%I enable row level security', name);
    exception when check_violation then
      -- The default partition has rows of that month already: they stay there.
      raise notice 'the month % stays in the default partition', name;
    end;
  end loop;
end $$;
--> statement-breakpoint
revoke execute on function public.make_audit_partitions(integer) from public;
--> statement-breakpoint
do $$
declare
  next_month timestamptz := (date_trunc('month', now() at time zone 'UTC') + interval '1 month') at time zone 'UTC';
begin
  if exists (select from public.audit_logs_before) then
    execute format('alter table public.audit_logs attach partition public.audit_logs_before for values from (minvalue) to (%L)',
      next_month);
  else
    drop table public.audit_logs_before;
  end if;
end $$;
--> statement-breakpoint
select public.make_audit_partitions(24);
--> statement-breakpoint
-- For rows of months that nobody made a partition for: without it they could not be written, nor what they tell of be done.
create table public.audit_logs_default partition of public.audit_logs default;
--> statement-breakpoint
alter table public.audit_logs_default enable row level security;
--> statement-breakpoint

grant select on public.audit_logs to atrium_app;
--> statement-breakpoint
-- Append-only: no UPDATE, DELETE or TRUNCATE for anyone but the owner, and created_at is the database's clock.
grant insert (id, tenant_id, action, entity_type, entity_id, actor_type, actor_id, operator_id, outcome, ip_address,
  user_agent, request_id, changes) on public.audit_logs to atrium_app, tenants;
--> statement-breakpoint
alter table public.audit_logs enable row level security;
--> statement-breakpoint
create policy app on public.audit_logs to atrium_app
  using (nullif(current_setting('atrium.tenant_id', true), '') is null
    or tenant_id = nullif(current_setting('atrium.tenant_id', true), '')::uuid);
--> statement-breakpoint
create policy own_tenant on public.audit_logs for insert to tenants with check (current_user = 't_' || tenant_id::text);
--> statement-breakpoint

-- The server reads the chains, to verify them. The worker alone adds to them.
grant select on public.audit_seals, public.audit_chains to atrium_app;
--> statement-breakpoint
alter table public.audit_seals enable row level security;
--> statement-breakpoint
create policy app on public.audit_seals to atrium_app
  using (nullif(current_setting('atrium.tenant_id', true), '') is null
    or chain = nullif(current_setting('atrium.tenant_id', true), '')::uuid);
--> statement-breakpoint
alter table public.audit_chains enable row level security;
--> statement-breakpoint
create policy app on public.audit_chains to atrium_app
  using (nullif(current_setting('atrium.tenant_id', true), '') is null
    or chain = nullif(current_setting('atrium.tenant_id', true), '')::uuid);
--> statement-breakpoint
alter table public.audit_unsealed enable row level security;
--> statement-breakpoint

-- A row waits for its seal from the moment that it is committed, whoever wrote it and however late. As the owner:
-- nobody else may write there.
create function public.await_audit_seal() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.audit_unsealed (chain, audit_id, created_at)
  values (coalesce(new.tenant_id, '00000000-0000-0000-0000-000000000000'), new.id, new.created_at);
  return null;
end $$;
--> statement-breakpoint
revoke execute on function public.await_audit_seal() from public;
--> statement-breakpoint
create trigger await_seal after insert on public.audit_logs for each row execute function public.await_audit_seal();
--> statement-breakpoint
insert into public.audit_unsealed (chain, audit_id, created_at)
select coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'), id, created_at from public.audit_logs;
