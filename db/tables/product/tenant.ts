// The product's tables of a tenant: add a line for each new file.
//
// Plain `pgTable`, no schema name: the transaction's search_path says whose they are, so one definition and one migration
// serve every tenant. They may reference Atrium's tables of a tenant, and never the lobby's.

export * from './projects.ts';
