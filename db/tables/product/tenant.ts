// The product's tables of a tenant. Add a line for each new file.
//
// `pgTable` has no schema name: the search_path of the transaction selects the tenant's schema, so one definition and one
// migration serve every tenant. The tables may reference Atrium's tables of a tenant, and never tables of the lobby.

export * from './projects.ts';
