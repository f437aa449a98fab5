-- Migrations of a tenant come in sets: each set of a schema has a version of its own.
ALTER TABLE "public"."tenants" ADD COLUMN "atrium_version" integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "public"."tenants" ADD COLUMN "product_version" integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "public"."tenants" ADD COLUMN "extension_versions" jsonb DEFAULT '{}'::jsonb NOT NULL;
--> statement-breakpoint
-- The first migration of the set before counts for both sets, and each later one is the product's.
update public.tenants
  set atrium_version = 1, product_version = schema_version, schema_version = 1 + schema_version
  where schema_version > 0;
--> statement-breakpoint
-- The server asks for /readyz whether the lobby is at its versions.
grant select on public.atrium_versions to atrium_app;
