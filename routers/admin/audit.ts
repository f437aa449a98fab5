import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { idSchema } from '../../core/id.ts';
import { auditLogs } from '../../db/tables/lobby.ts';
import { auditInput, auditShape, readAudit, toAuditItem } from '../audit/page.ts';
import { superuserProcedure } from '../procedures/levels.ts';
import { pageShape, toPage } from '../shapes.ts';

/** Lists the rows of all audit logs: of every tenant and of the platform. */
export const audit = superuserProcedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/admin/audit',
      tags: ['admin'],
      summary: 'List rows of all audit logs, newest first',
    },
    audit: { action: 'audit.list', entityType: 'audit_log' },
  })
  .input(auditInput.extend({ tenantId: idSchema.optional().describe('Return only the log of this tenant') }))
  .output(
    pageShape(
      auditShape
        .extend({ tenantId: z.uuid().nullable().describe("null for rows of the platform's log") })
        .meta({ id: 'PlatformAuditItem' }),
    ),
  )
  .query(async ({ ctx, input: { tenantId, ...filter } }) => {
    const narrowed = tenantId === undefined ? undefined : eq(auditLogs.tenantId, tenantId);
    const { rows, limit } = await readAudit(ctx.db, filter, narrowed);
    return toPage(rows, limit, (row) => ({ ...toAuditItem(row), tenantId: row.tenantId }));
  });
