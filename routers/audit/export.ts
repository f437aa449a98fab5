import { and, asc, eq, gt, gte, lt } from 'drizzle-orm';
import { z } from 'zod';
import type { TenantEntered } from '../../db/entering/enter.ts';
import { readClock } from '../../db/connection/clock.ts';
import { auditLogs } from '../../db/tables/lobby.ts';
import { auditInput, toAuditItem, type auditShape } from './page.ts';
import { unboundAdminProcedure } from '../procedures/levels.ts';
import { closing } from '../procedures/streams.ts';
import { router, type Meta } from '../procedures/trpc.ts';

/** The number of rows in one read, about 300 KB. Each read has its own transaction. */
const BATCH = 500;

type Item = z.infer<typeof auditShape>;

/** `access` is for the OpenAPI document. For calls, `unboundAdminProcedure` sets it. */
export const exportMeta = {
  access: 'admin',
  audit: { action: 'audit.export', entityType: 'audit_log' },
  admits: ['apiKey'],
} satisfies Meta;

export const exportInput = z.strictObject(auditInput.pick({ from: true, to: true }).shape);

/**
 * Streams the whole audit log in batches, oldest first. A batch is read when the consumer asks for it. This router is not
 * part of `appRouter`, because tRPC cannot answer with NDJSON. It still has a procedure, so that the same checks run in the
 * same order.
 */
export const auditExportRouter = router({
  audit: router({
    export: unboundAdminProcedure
      .meta(exportMeta)
      .input(exportInput)
      .query(async ({ ctx, input }) => {
        const close = ctx.openStream();
        try {
          const end = await ctx.enter(false, async ({ tx }) => {
            // The audit row is written before the first row is sent.
            await ctx.auditEntry.write(tx, 'success');
            return (await readClock(tx)).toISOString();
          });
          return closing(readBatches(ctx, { from: input.from, to: earlier(end, input.to) }), close);
        } catch (error) {
          close();
          throw error;
        }
      }),
  }),
});

/** Returns the earlier of two times. An export never includes rows that were written after it began. */
function earlier(end: string, to: string | undefined): string {
  return to !== undefined && Date.parse(to) < Date.parse(end) ? to : end;
}

interface Reading {
  enter: <T>(readOnly: boolean, work: (entered: TenantEntered) => Promise<T>) => Promise<T>;
}

/** Reads the log in batches. @throws AppError the error of `enter`, as soon as the caller may no longer read */
async function* readBatches(
  { enter }: Reading,
  { from, to }: { from: string | undefined; to: string },
): AsyncGenerator<Item[], void> {
  let after: string | undefined;
  for (;;) {
    const last = after;
    const rows = await enter(true, ({ tx, tenant }) =>
      tx
        .select()
        .from(auditLogs)
        .where(
          and(
            eq(auditLogs.tenantId, tenant.id),
            from === undefined ? undefined : gte(auditLogs.createdAt, new Date(from)),
            lt(auditLogs.createdAt, new Date(to)),
            last === undefined ? undefined : gt(auditLogs.id, last),
          ),
        )
        .orderBy(asc(auditLogs.id))
        .limit(BATCH),
    );
    if (rows.length > 0) yield rows.map(toAuditItem);
    if (rows.length < BATCH) return;
    after = rows.at(-1)?.id;
  }
}
