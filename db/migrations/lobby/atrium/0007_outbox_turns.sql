ALTER TABLE "public"."outbox" ADD COLUMN "attempts" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "public"."outbox" ADD COLUMN "next_attempt_at" timestamp (3) with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "public"."outbox" ADD COLUMN "last_error" text;--> statement-breakpoint
ALTER TABLE "public"."outbox" ADD COLUMN "set_aside_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "outbox_turns_idx" ON "public"."outbox" USING btree (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'::uuid),"next_attempt_at","id") WHERE set_aside_at is null;--> statement-breakpoint
-- Rows that the checks below would refuse: no worker could do anything with them. They are kept for an operator to look at.
update public.outbox
set set_aside_at = now(), last_error = 'was no object of at most 8 KiB, or had no valid kind',
  kind = 'outbox.invalid', payload = jsonb_build_object('kind', left(kind, 500), 'payload', left(payload::text, 500))
where jsonb_typeof(payload) <> 'object' or octet_length(payload::text) > 8192
  or length(kind) > 64 or kind !~ '^[a-z][a-zA-Z0-9_]*([.][a-zA-Z0-9_]+)+$';
--> statement-breakpoint
ALTER TABLE "public"."outbox" ADD CONSTRAINT "outbox_kind_check" CHECK (length(kind) <= 64 and kind ~ '^[a-z][a-zA-Z0-9_]*([.][a-zA-Z0-9_]+)+$');--> statement-breakpoint
ALTER TABLE "public"."outbox" ADD CONSTRAINT "outbox_payload_check" CHECK (jsonb_typeof(payload) = 'object' and octet_length(payload::text) <= 8192);
--> statement-breakpoint
-- The life of a tenant is the server's business: a tenant's role queues work about its own tenant, and none of that.
drop policy own_tenant on public.outbox;
--> statement-breakpoint
create policy own_tenant on public.outbox for insert to tenants
  with check (current_user = 't_' || tenant_id::text and kind not like 'tenant.%');
