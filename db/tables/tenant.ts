// Atrium's own tables of a tenant. The product's are in product/tenant.ts.
//
// Plain `pgTable`, no schema name: the transaction's search_path says whose they are, so one definition and one migration
// serve every tenant. They reference neither the lobby's tables nor the product's. A new one begins with `atrium_`.

export * from './tenant/settings.ts';
