-- What ends stays ended, whoever ends it and by whatever statement; and what is of no more use is erased.

ALTER TABLE "public"."sign_ups" ALTER COLUMN "password_hash" DROP NOT NULL;
--> statement-breakpoint
CREATE INDEX "assumed_identities_expires_at_idx" ON "public"."assumed_identities" USING btree ("expires_at");
--> statement-breakpoint
CREATE INDEX "refresh_tokens_successor_idx" ON "public"."refresh_tokens" USING btree ("used_at") WHERE successor is not null;
--> statement-breakpoint

-- A sign-up that became an account keeps no trace of its password.
create function public.erase_password() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.password_hash := null;
  new.password_tag := null;
  return new;
end $$;
--> statement-breakpoint
revoke execute on function public.erase_password() from public;
--> statement-breakpoint
create trigger erase_password before insert or update on public.sign_ups
  for each row when (new.verified_at is not null) execute function public.erase_password();
--> statement-breakpoint
update public.sign_ups set password_hash = null, password_tag = null where verified_at is not null;
--> statement-breakpoint
ALTER TABLE "public"."sign_ups" ADD CONSTRAINT "sign_ups_password_hash_check" CHECK ((password_hash is null) = (verified_at is not null));
--> statement-breakpoint
ALTER TABLE "public"."sign_ups" ADD CONSTRAINT "sign_ups_password_tag_check" CHECK (password_tag is null or verified_at is null);
--> statement-breakpoint

-- Ending is final: no role sets such a time back, nor gives an assumed identity more of it.
create function public.refuse_revival() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise exception 'What has ended stays ended: % %', tg_table_name, old.id using errcode = 'check_violation';
end $$;
--> statement-breakpoint
revoke execute on function public.refuse_revival() from public;
--> statement-breakpoint
create trigger stays_ended before update on public.assumed_identities for each row
  when (old.ended_at is not null and new.ended_at is null or new.expires_at > old.expires_at)
  execute function public.refuse_revival();
--> statement-breakpoint
create trigger stays_revoked before update of revoked_at on public.sessions for each row
  when (old.revoked_at is not null and new.revoked_at is null) execute function public.refuse_revival();
--> statement-breakpoint
create trigger stays_revoked before update of revoked_at on public.api_keys for each row
  when (old.revoked_at is not null and new.revoked_at is null) execute function public.refuse_revival();
--> statement-breakpoint

-- Ends the live assumed identities that these name (null: whichever), each with a row in the log of its tenant. The server
-- ends those that its own procedures end before it comes to this, with rows that say who did it. As the owner: the statement
-- that fires it may be narrowed to another tenant.
create function public.end_assumed_identities(of_tenant uuid, of_member uuid, of_operator uuid, of_session uuid)
returns void
language plpgsql security definer set search_path = '' as $$
declare
  ended record;
  milliseconds bigint;
begin
  for ended in
    update public.assumed_identities
    set ended_at = now()
    where ended_at is null and expires_at > now()
      and (of_tenant is null or tenant_id = of_tenant)
      and (of_member is null or user_id = of_member)
      and (of_operator is null or operator_id = of_operator)
      and (of_session is null or operator_session_id = of_session)
    returning id, tenant_id
  loop
    milliseconds := extract(epoch from clock_timestamp()) * 1000;
    insert into public.audit_logs (id, tenant_id, action, entity_type, entity_id, actor_type, outcome)
    values (
      -- A UUIDv7 (RFC 9562), which not every version of PostgreSQL makes: a random one whose first 48 bits are the time, and
      -- whose version is 7 instead of 4.
      encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        placing substring(int8send(milliseconds) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid,
      ended.tenant_id, 'identity.end', 'assumed_identity', ended.id::text, 'system', 'success');
  end loop;
end $$;
--> statement-breakpoint
revoke execute on function public.end_assumed_identities(uuid, uuid, uuid, uuid) from public;
--> statement-breakpoint
create function public.end_identities_of_user() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  disabled boolean := old.disabled_at is null and new.disabled_at is not null;
begin
  if disabled or (old.is_superuser and not new.is_superuser) then
    perform public.end_assumed_identities(null, null, new.id, null);
  end if;
  if disabled or (new.is_superuser and not old.is_superuser) then
    perform public.end_assumed_identities(null, new.id, null, null);
  end if;
  return null;
end $$;
--> statement-breakpoint
revoke execute on function public.end_identities_of_user() from public;
--> statement-breakpoint
create trigger end_identities after update of is_superuser, disabled_at on public.users
  for each row execute function public.end_identities_of_user();
--> statement-breakpoint
create function public.end_identities_of_member() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform public.end_assumed_identities(old.tenant_id, old.user_id, null, null);
  return null;
end $$;
--> statement-breakpoint
revoke execute on function public.end_identities_of_member() from public;
--> statement-breakpoint
create trigger end_identities after delete or update of tenant_id, user_id on public.user_tenant_membership
  for each row execute function public.end_identities_of_member();
--> statement-breakpoint
create function public.end_identities_of_tenant() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform public.end_assumed_identities(new.id, null, null, null);
  return null;
end $$;
--> statement-breakpoint
revoke execute on function public.end_identities_of_tenant() from public;
--> statement-breakpoint
create trigger end_identities after update of allow_assumed_identity on public.tenants for each row
  when (old.allow_assumed_identity and not new.allow_assumed_identity) execute function public.end_identities_of_tenant();
--> statement-breakpoint
create function public.end_with_session() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform public.end_assumed_identities(null, null, null, new.id);
  -- Nobody is given a successor any more.
  update public.refresh_tokens set successor = null where session_id = new.id and successor is not null;
  return null;
end $$;
--> statement-breakpoint
revoke execute on function public.end_with_session() from public;
--> statement-breakpoint
create trigger end_with_session after update of revoked_at on public.sessions for each row
  when (old.revoked_at is null and new.revoked_at is not null) execute function public.end_with_session();
