-- A tenant's role adds rows to the audit log: each has to be one that every reader can show and the sealer can read.
--
-- `not valid`: the checks apply to all rows from now on. Those that stand already are not scanned, which would keep a large log
-- locked, and may break them: they are sealed, so that nothing may change them, and the readers show them as well as they can.
ALTER TABLE "public"."assumed_identities" ADD CONSTRAINT "assumed_identities_expires_at_check" CHECK (expires_at >= '2000-01-01Z' and expires_at < '10000-01-01Z') not valid;
--> statement-breakpoint
ALTER TABLE "public"."assumed_identities" ADD CONSTRAINT "assumed_identities_ended_at_check" CHECK (ended_at >= '2000-01-01Z' and ended_at < '10000-01-01Z') not valid;
--> statement-breakpoint
ALTER TABLE "public"."assumed_identities" ADD CONSTRAINT "assumed_identities_created_at_check" CHECK (created_at >= '2000-01-01Z' and created_at < '10000-01-01Z') not valid;
--> statement-breakpoint
ALTER TABLE "public"."audit_logs" ADD CONSTRAINT "audit_logs_id_check" CHECK (id::text ~ '^.{14}[1-8].{4}[89ab]') not valid;
--> statement-breakpoint
ALTER TABLE "public"."audit_logs" ADD CONSTRAINT "audit_logs_actor_id_check" CHECK (actor_id::text ~ '^.{14}[1-8].{4}[89ab]') not valid;
--> statement-breakpoint
ALTER TABLE "public"."audit_logs" ADD CONSTRAINT "audit_logs_operator_id_check" CHECK (operator_id::text ~ '^.{14}[1-8].{4}[89ab]') not valid;
--> statement-breakpoint
ALTER TABLE "public"."audit_logs" ADD CONSTRAINT "audit_logs_action_check" CHECK (length(action) <= 100 and action ~ '^[a-zA-Z][a-zA-Z0-9_-]*([.][a-zA-Z0-9_-]+)+$') not valid;
--> statement-breakpoint
ALTER TABLE "public"."audit_logs" ADD CONSTRAINT "audit_logs_entity_type_check" CHECK (octet_length(entity_type) <= 100) not valid;
--> statement-breakpoint
ALTER TABLE "public"."audit_logs" ADD CONSTRAINT "audit_logs_entity_id_check" CHECK (octet_length(entity_id) <= 1000) not valid;
--> statement-breakpoint
ALTER TABLE "public"."audit_logs" ADD CONSTRAINT "audit_logs_actor_type_check" CHECK (actor_type in ('user', 'apiKey', 'system', 'anonymous')) not valid;
--> statement-breakpoint
ALTER TABLE "public"."audit_logs" ADD CONSTRAINT "audit_logs_outcome_check" CHECK (outcome in ('success', 'failure', 'denied')) not valid;
--> statement-breakpoint
ALTER TABLE "public"."audit_logs" ADD CONSTRAINT "audit_logs_ip_address_check" CHECK (octet_length(ip_address) <= 100) not valid;
--> statement-breakpoint
ALTER TABLE "public"."audit_logs" ADD CONSTRAINT "audit_logs_user_agent_check" CHECK (octet_length(user_agent) <= 1200) not valid;
--> statement-breakpoint
ALTER TABLE "public"."audit_logs" ADD CONSTRAINT "audit_logs_request_id_check" CHECK (octet_length(request_id) <= 200) not valid;
--> statement-breakpoint
ALTER TABLE "public"."audit_logs" ADD CONSTRAINT "audit_logs_changes_check" CHECK (octet_length(changes::text) <= 1048576 and jsonb_typeof(changes) = 'object' and not jsonb_path_exists(changes, 'strict $.* ? (@.type() != "array" || @.size() != 2)', '{}', true)) not valid;
--> statement-breakpoint
-- Logs take turns at being sealed.
CREATE INDEX "audit_unsealed_turns_idx" ON "public"."audit_unsealed" USING btree ("chain","created_at","audit_id");
