// The tables that all tenants share, in the schema `public`.

export * from './lobby/access.ts';
export * from './lobby/records.ts';
export * from './lobby/tenancy.ts';
