import { and, asc, eq, gt, gte, lt } from 'drizzle-orm';
import { z } from 'zod';
import type { TenantEntered } from '../../db/entering/enter.ts';
import { readClock } from '../../db/connection/clock.ts';
import { auditLogs } from '../../db/tables/lobby.ts';
import { auditInput, toAuditItem, type auditShape } from './page.ts';
import { unboundAdminProcedure } from '../procedures/levels.ts';
import { closing } from '../procedures/streams.ts';
import { router, type Meta } from '../procedures/trpc.ts';

/** Rows read at once, each time in a transaction of its own: some 300 KB. */
const BATCH = 500;

type Item = z.infer<typeof auditShape>;

/** `unboundAdminProcedure` sets the access level; the OpenAPI document has it from here. */
export const exportMeta = {
  access: 'admin',
  audit: { action: 'audit.export', entityType: 'audit_log' },
  admits: ['apiKey'],
} satisfies Meta;

export const exportInput = z.strictObject(auditInput.pick({ from: true, to: true }).shape);

/**
 * The whole log, oldest first, in batches: each is read when it is asked for. Not among the procedures, since tRPC has no
 * answer that is a text of lines; but a procedure, so that the checks are the same, in the same order.
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
            // Nothing leaves before it is written down that it does.
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

/** An export ends with the rows that were there when it began, whatever time was asked for. */
function earlier(end: string, to: string | undefined): string {
  return to !== undefined && Date.parse(to) < Date.parse(end) ? to : end;
}

interface Reading {
  enter: <T>(readOnly: boolean, work: (entered: TenantEntered) => Promise<T>) => Promise<T>;
}

/** @throws AppError what entering does, once the caller may not read on */
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
