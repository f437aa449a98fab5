-- Who may do what in the lobby. The app's role owns nothing: each right is given here, by column where it matters.

grant usage on schema public to atrium_app, tenants;
--> statement-breakpoint
-- The server asks at start, and for /readyz, whether the lobby is at its version.
grant select on public.atrium_migrations to atrium_app;
--> statement-breakpoint
grant select on public.users, public.tenants, public.user_tenant_membership, public.sign_ups, public.sessions,
  public.refresh_tokens, public.invites, public.audit_logs to atrium_app;
--> statement-breakpoint
-- Nothing that the server can send makes a superuser.
grant insert (id, email, full_name, password_hash), update (email, full_name, password_hash, disabled_at, updated_at)
  on public.users to atrium_app;
--> statement-breakpoint
-- Where a tenant lives is written once.
grant insert (id, slug, name, schema_name, db_role),
  update (slug, name, status, provisioning_step, provisioning_error, allow_assumed_identity, updated_at)
  on public.tenants to atrium_app;
--> statement-breakpoint
grant insert, update (role), delete on public.user_tenant_membership to atrium_app;
--> statement-breakpoint
grant insert, update (verification_id, verification_expires_at, verified_at, voided_at)
  on public.sign_ups to atrium_app;
--> statement-breakpoint
grant insert, update (last_seen_at, revoked_at) on public.sessions to atrium_app;
--> statement-breakpoint
grant insert, update (used_at, successor) on public.refresh_tokens to atrium_app;
--> statement-breakpoint
grant insert, update (expires_at, accepted_at, revoked_at) on public.invites to atrium_app;
--> statement-breakpoint
-- Append-only: no UPDATE, DELETE or TRUNCATE for anyone but the owner, and created_at is the database's clock.
grant insert (id, tenant_id, action, entity_type, entity_id, actor_type, actor_id, operator_id, outcome, ip_address,
  user_agent, request_id, changes) on public.audit_logs to atrium_app, tenants;
--> statement-breakpoint
grant insert (id, tenant_id, kind, payload) on public.outbox to atrium_app, tenants;
--> statement-breakpoint

-- A transaction that has a tenant in hand (atrium.tenant_id, set by enterTenant) sees that tenant's rows alone.
-- Without one it is the lobby's own code: sign-up, login, the entering statement itself.
alter table public.tenants enable row level security;
--> statement-breakpoint
create policy app on public.tenants to atrium_app
  using (nullif(current_setting('atrium.tenant_id', true), '') is null
    or id = nullif(current_setting('atrium.tenant_id', true), '')::uuid);
--> statement-breakpoint
alter table public.user_tenant_membership enable row level security;
--> statement-breakpoint
create policy app on public.user_tenant_membership to atrium_app
  using (nullif(current_setting('atrium.tenant_id', true), '') is null
    or tenant_id = nullif(current_setting('atrium.tenant_id', true), '')::uuid);
--> statement-breakpoint
alter table public.sign_ups enable row level security;
--> statement-breakpoint
create policy app on public.sign_ups to atrium_app
  using (nullif(current_setting('atrium.tenant_id', true), '') is null
    or tenant_id = nullif(current_setting('atrium.tenant_id', true), '')::uuid);
--> statement-breakpoint
alter table public.refresh_tokens enable row level security;
--> statement-breakpoint
create policy app on public.refresh_tokens to atrium_app
  using (nullif(current_setting('atrium.tenant_id', true), '') is null
    or tenant_id = nullif(current_setting('atrium.tenant_id', true), '')::uuid);
--> statement-breakpoint
alter table public.invites enable row level security;
--> statement-breakpoint
create policy app on public.invites to atrium_app
  using (nullif(current_setting('atrium.tenant_id', true), '') is null
    or tenant_id = nullif(current_setting('atrium.tenant_id', true), '')::uuid);
--> statement-breakpoint
alter table public.audit_logs enable row level security;
--> statement-breakpoint
create policy app on public.audit_logs to atrium_app
  using (nullif(current_setting('atrium.tenant_id', true), '') is null
    or tenant_id = nullif(current_setting('atrium.tenant_id', true), '')::uuid);
--> statement-breakpoint
alter table public.outbox enable row level security;
--> statement-breakpoint
create policy app on public.outbox for insert to atrium_app
  with check (nullif(current_setting('atrium.tenant_id', true), '') is null
    or tenant_id = nullif(current_setting('atrium.tenant_id', true), '')::uuid);
--> statement-breakpoint

-- A tenant's role adds rows about its own tenant: its name is made from the tenant's id.
create policy own_tenant on public.audit_logs for insert to tenants with check (current_user = 't_' || tenant_id::text);
--> statement-breakpoint
create policy own_tenant on public.outbox for insert to tenants with check (current_user = 't_' || tenant_id::text);
