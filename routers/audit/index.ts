import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { canonicalId } from '../../core/id.ts';
import { verifyAuditLog } from '../../db/audit/verify.ts';
import { auditLogs } from '../../db/tables/lobby.ts';
import { auditInput, auditPageShape, readAudit, toAuditPage } from './page.ts';
import { adminLobbyProcedure, unboundAdminProcedure } from '../procedures/levels.ts';
import { pageInput, textInput } from '../shapes.ts';
import { router } from '../procedures/trpc.ts';

const tags = ['audit'];
const admits = ['apiKey', 'assumedIdentity'] as const;

export const auditRouter = router({
  list: adminLobbyProcedure
    .meta({
      openapi: { method: 'GET', path: '/audit', tags, summary: "List the tenant's audit log, newest first (admins)" },
      audit: { action: 'audit.list', entityType: 'audit_log' },
      admits,
    })
    .input(auditInput)
    .output(auditPageShape)
    .query(async ({ ctx, input }) =>
      toAuditPage(await readAudit(ctx.db, input, eq(auditLogs.tenantId, ctx.tenant.id))),
    ),

  history: adminLobbyProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/audit/{entityType}/{entityId}',
        tags,
        summary: 'List the history of one entity (admins)',
      },
      audit: { action: 'audit.history', entityType: 'audit_log' },
      admits,
    })
    .input(pageInput.extend({ entityType: textInput(100), entityId: textInput(100).overwrite(canonicalId) }))
    .output(auditPageShape)
    .query(async ({ ctx, input: { entityType, entityId, ...page } }) =>
      toAuditPage(
        await readAudit(
          ctx.db,
          page,
          and(
            eq(auditLogs.tenantId, ctx.tenant.id),
            eq(auditLogs.entityType, entityType),
            eq(auditLogs.entityId, entityId),
          ),
        ),
      ),
    ),

  verify: unboundAdminProcedure
    .meta({
      openapi: { method: 'GET', path: '/audit/verify', tags, summary: 'Verify the seals of the audit log (admins)' },
      audit: { action: 'audit.verify', entityType: 'audit_log' },
      admits,
    })
    .output(
      z
        .object({
          valid: z.boolean(),
          checked: z.int().describe('Number of rows with a valid seal'),
          unsealed: z.int().describe('Number of rows that are not sealed yet'),
          firstBadId: z.uuid().nullable().describe('The first row that was changed, deleted, inserted or moved'),
        })
        .meta({ id: 'AuditVerification' }),
    )
    .query(async ({ ctx }) => {
      const close = ctx.openStream();
      try {
        return await verifyAuditLog({
          keys: ctx.secretKeys,
          tenantId: ctx.tenant.id,
          read: (work) => ctx.enter(true, ({ tx }) => work(tx)),
        });
      } finally {
        close();
      }
    }),
});
