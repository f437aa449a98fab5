-- Who may do what with the tables of 0002.

grant select on public.api_keys, public.assumed_identities, public.mail_requests, public.former_slugs to atrium_app;
--> statement-breakpoint
grant insert, update (last_used_at, revoked_at) on public.api_keys to atrium_app;
--> statement-breakpoint
grant insert, update (ended_at) on public.assumed_identities to atrium_app;
--> statement-breakpoint
grant insert, update (used_at) on public.mail_requests to atrium_app;
--> statement-breakpoint
grant insert, delete on public.former_slugs to atrium_app;
--> statement-breakpoint
-- A switch to another tenant lets the session's older tokens run out.
grant update (expires_at, retired_at) on public.refresh_tokens to atrium_app;
--> statement-breakpoint
-- A sign-up that became a user keeps no trace of its password but the user's hash.
grant update (password_tag) on public.sign_ups to atrium_app;
--> statement-breakpoint
alter table public.api_keys enable row level security;
--> statement-breakpoint
create policy app on public.api_keys to atrium_app
  using (nullif(current_setting('atrium.tenant_id', true), '') is null
    or tenant_id = nullif(current_setting('atrium.tenant_id', true), '')::uuid);
--> statement-breakpoint
alter table public.assumed_identities enable row level security;
--> statement-breakpoint
create policy app on public.assumed_identities to atrium_app
  using (nullif(current_setting('atrium.tenant_id', true), '') is null
    or tenant_id = nullif(current_setting('atrium.tenant_id', true), '')::uuid);
--> statement-breakpoint
alter table public.former_slugs enable row level security;
--> statement-breakpoint
create policy app on public.former_slugs to atrium_app
  using (nullif(current_setting('atrium.tenant_id', true), '') is null
    or tenant_id = nullif(current_setting('atrium.tenant_id', true), '')::uuid);
