export { provisionTenant } from './provision-tenant.ts';
export { reapSignUps } from './reap-sign-ups.ts';
export { sendEmail } from './send-email.ts';
export { tendAuditLog } from './tend-audit-log.ts';
