// By `export *` alone: of a name that is exported twice the compiler tells.
export * from './provision-tenant.ts';
export * from './reap-sign-ups.ts';
export * from './send-email.ts';
export * from './tend-audit-log.ts';
export * from '../product/sandbox/index.ts';
