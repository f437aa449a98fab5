CREATE INDEX "audit_logs_outcome_idx" ON "public"."audit_logs" USING btree ("tenant_id","id") WHERE outcome <> 'success';--> statement-breakpoint
CREATE INDEX "audit_logs_operator_idx" ON "public"."audit_logs" USING btree ("operator_id","id") WHERE operator_id is not null;--> statement-breakpoint
ALTER TABLE "public"."audit_chains" ADD CONSTRAINT "audit_chains_sequence_check" CHECK (sequence between 0 and 9007199254740990);--> statement-breakpoint
ALTER TABLE "public"."audit_chains" ADD CONSTRAINT "audit_chains_start_sequence_check" CHECK (start_sequence between 0 and 9007199254740990);--> statement-breakpoint
ALTER TABLE "public"."audit_logs" ADD CONSTRAINT "audit_logs_created_at_check" CHECK (created_at >= '2000-01-01Z' and created_at < '10000-01-01Z');--> statement-breakpoint
ALTER TABLE "public"."audit_seals" ADD CONSTRAINT "audit_seals_audit_created_at_check" CHECK (audit_created_at >= '2000-01-01Z' and audit_created_at < '10000-01-01Z');--> statement-breakpoint
ALTER TABLE "public"."audit_seals" ADD CONSTRAINT "audit_seals_created_at_check" CHECK (created_at >= '2000-01-01Z' and created_at < '10000-01-01Z');--> statement-breakpoint
ALTER TABLE "public"."audit_seals" ADD CONSTRAINT "audit_seals_sequence_check" CHECK (sequence between 0 and 9007199254740990);--> statement-breakpoint
ALTER TABLE "public"."audit_unsealed" ADD CONSTRAINT "audit_unsealed_created_at_check" CHECK (created_at >= '2000-01-01Z' and created_at < '10000-01-01Z');
--> statement-breakpoint
-- Who verifies sees which rows wait: one that has neither seal nor note was kept from the sealer.
grant select on public.audit_unsealed to atrium_app;
--> statement-breakpoint
create policy app on public.audit_unsealed to atrium_app
  using (nullif(current_setting('atrium.tenant_id', true), '') is null
    or chain = nullif(current_setting('atrium.tenant_id', true), '')::uuid);
