// Atrium's tables of a tenant. The product's are in product/tenant.ts.
//
// `pgTable` has no schema name: the search_path of the transaction selects the tenant's schema, so one definition and one
// migration serve every tenant. The tables reference neither the lobby's nor the product's tables. The name of a new table
// begins with `atrium_`.

export * from './tenant/settings.ts';
