// Use `export *` only: the compiler then reports a name that two files export.
export * from './provision-tenant.ts';
export * from './reap-sign-ups.ts';
export * from './send-email.ts';
export * from './tend-audit-log.ts';
export * from '../product/sandbox/index.ts';
