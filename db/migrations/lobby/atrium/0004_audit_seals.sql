CREATE TABLE "public"."audit_chains" (
	"chain" uuid PRIMARY KEY NOT NULL,
	"sequence" bigint NOT NULL,
	"audit_id" uuid NOT NULL,
	"seal" "bytea" NOT NULL,
	"end_mac" "bytea" NOT NULL,
	"start_sequence" bigint DEFAULT 0 NOT NULL,
	"start_audit_id" uuid,
	"start_seal" "bytea",
	"dropped_before" timestamp (3) with time zone,
	"start_mac" "bytea"
);
--> statement-breakpoint
CREATE TABLE "public"."audit_seals" (
	"chain" uuid NOT NULL,
	"sequence" bigint NOT NULL,
	"audit_id" uuid NOT NULL,
	"audit_created_at" timestamp (3) with time zone NOT NULL,
	"row_mac" "bytea" NOT NULL,
	"seal" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "audit_seals_chain_sequence_pk" PRIMARY KEY("chain","sequence"),
	CONSTRAINT "audit_seals_audit_key" UNIQUE("audit_id","audit_created_at")
);
--> statement-breakpoint
CREATE TABLE "public"."audit_unsealed" (
	"chain" uuid NOT NULL,
	"audit_id" uuid NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "audit_unsealed_created_at_audit_id_pk" PRIMARY KEY("created_at","audit_id")
);
--> statement-breakpoint
ALTER TABLE "public"."audit_logs" DROP CONSTRAINT "audit_logs_pkey";--> statement-breakpoint
ALTER TABLE "public"."audit_logs" ADD CONSTRAINT "audit_logs_id_created_at_pk" PRIMARY KEY("id","created_at");