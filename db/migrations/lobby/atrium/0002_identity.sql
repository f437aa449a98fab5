CREATE TABLE "public"."api_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"tenant_id" uuid NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"prefix" text NOT NULL,
	"key_hash" "bytea" NOT NULL,
	"created_by" uuid,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"last_used_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "api_keys_key_hash_key" UNIQUE("key_hash"),
	CONSTRAINT "api_keys_role_check" CHECK ("public"."api_keys"."role" in ('admin', 'member'))
);
--> statement-breakpoint
CREATE TABLE "public"."assumed_identities" (
	"id" uuid PRIMARY KEY NOT NULL,
	"tenant_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"operator_id" uuid NOT NULL,
	"operator_session_id" uuid NOT NULL,
	"reason" text NOT NULL,
	"mode" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "assumed_identities_mode_check" CHECK ("public"."assumed_identities"."mode" in ('read', 'write'))
);
--> statement-breakpoint
CREATE TABLE "public"."mail_requests" (
	"id" uuid PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"email" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "mail_requests_kind_check" CHECK ("public"."mail_requests"."kind" in ('verify-email', 'reset-password'))
);
--> statement-breakpoint
CREATE TABLE "public"."former_slugs" (
	"slug" text PRIMARY KEY NOT NULL,
	"tenant_id" uuid NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "public"."refresh_tokens" ADD COLUMN "retired_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "public"."sign_ups" ADD COLUMN "password_tag" smallint;--> statement-breakpoint
ALTER TABLE "public"."api_keys" ADD CONSTRAINT "api_keys_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "public"."api_keys" ADD CONSTRAINT "api_keys_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "public"."assumed_identities" ADD CONSTRAINT "assumed_identities_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "public"."assumed_identities" ADD CONSTRAINT "assumed_identities_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "public"."assumed_identities" ADD CONSTRAINT "assumed_identities_operator_id_users_id_fk" FOREIGN KEY ("operator_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "public"."assumed_identities" ADD CONSTRAINT "assumed_identities_operator_session_id_sessions_id_fk" FOREIGN KEY ("operator_session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "public"."former_slugs" ADD CONSTRAINT "former_slugs_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "api_keys_tenant_id_idx" ON "public"."api_keys" USING btree ("tenant_id");--> statement-breakpoint
CREATE INDEX "assumed_identities_tenant_id_idx" ON "public"."assumed_identities" USING btree ("tenant_id");--> statement-breakpoint
CREATE INDEX "assumed_identities_user_id_idx" ON "public"."assumed_identities" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "assumed_identities_operator_id_idx" ON "public"."assumed_identities" USING btree ("operator_id");--> statement-breakpoint
CREATE INDEX "assumed_identities_operator_session_id_idx" ON "public"."assumed_identities" USING btree ("operator_session_id");--> statement-breakpoint
CREATE INDEX "mail_requests_email_idx" ON "public"."mail_requests" USING btree ("email");--> statement-breakpoint
CREATE INDEX "former_slugs_tenant_id_idx" ON "public"."former_slugs" USING btree ("tenant_id");--> statement-breakpoint
CREATE INDEX "audit_logs_action_idx" ON "public"."audit_logs" USING btree ("tenant_id","action","id");--> statement-breakpoint
CREATE INDEX "audit_logs_actor_idx" ON "public"."audit_logs" USING btree ("actor_id","id");--> statement-breakpoint
CREATE INDEX "invites_invited_by_idx" ON "public"."invites" USING btree ("invited_by");