import { and, eq, isNull } from 'drizzle-orm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { hashApiKey, mintApiKey } from '../core/auth/api-key.ts';
import { DAY_MS } from '../core/duration.ts';
import { AppError, orNotFound } from '../core/errors.ts';
import { changesBetween } from '../db/audit/changes.ts';
import { now, readClock } from '../db/connection/clock.ts';
import type { Tx } from '../db/connection/lane.ts';
import { apiKeys } from '../db/tables/lobby.ts';
import { lockMembersAsAdmin } from '../db/tenancy/members.ts';
import { pageOf } from './paging.ts';
import { about } from './procedures/audit-entry.ts';
import { adminPersonProcedure } from './procedures/levels.ts';
import { idInput, nameInput, pageInput, pageShape, roleShape, time, toPage } from './shapes.ts';
import { router } from './procedures/trpc.ts';

const tags = ['api-keys'];
/** The default and the longest lifetime of a key, in days. */
const LIFE = { usual: 90, longest: 3650 } as const;

const apiKeyShape = z
  .object({
    id: z.uuid(),
    name: z.string(),
    role: roleShape,
    prefix: z.string().describe('First characters of the key, to recognize it by'),
    expiresAt: time,
    lastUsedAt: time.nullable().describe('ISO 8601, UTC, with a precision of one minute; null if never used'),
  })
  .meta({ id: 'ApiKey' });

const expiryInput = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  // For the OpenAPI document, where `format` describes the rest.
  .meta({ pattern: '^2' });

export const apiKeysRouter = router({
  create: adminPersonProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api-keys',
        tags,
        summary: 'Create an API key, which is shown only once (admins)',
      },
      successStatus: 201,
      audit: { action: 'api_key.create', entityType: 'api_key' },
    })
    .input(
      z.strictObject({
        name: nameInput,
        role: roleShape,
        expiresAt: expiryInput.optional().describe(`ISO 8601. Defaults to ${LIFE.usual} days from now`),
      }),
    )
    .output(
      apiKeyShape
        .extend({ key: z.string().describe('The API key. The server does not store it') })
        .meta({ id: 'NewApiKey' }),
    )
    .mutation(async ({ ctx, input: { name, role, expiresAt: wanted } }) => {
      const expiresAt = await expiryOf(ctx.db, wanted);
      await lockMembersAsAdmin(ctx.db, ctx.tenant.id, ctx.actor);
      const { key, prefix } = mintApiKey();
      const made = { id: uuidv7(), name, role, prefix, expiresAt, lastUsedAt: null };
      await ctx.db
        .insert(apiKeys)
        .values({ ...made, tenantId: ctx.tenant.id, keyHash: hashApiKey(key), createdBy: ctx.user.id });
      ctx.auditEntry.note({ entityId: made.id, changes: changesBetween({}, { name, role, prefix, expiresAt }) });
      return { ...toApiKey(made), key };
    }),

  list: adminPersonProcedure
    .meta({
      openapi: { method: 'GET', path: '/api-keys', tags, summary: 'List API keys, newest first (admins)' },
      audit: { action: 'api_key.list', entityType: 'api_key' },
      admits: ['assumedIdentity'],
    })
    .input(pageInput)
    .output(pageShape(apiKeyShape))
    .query(async ({ ctx, input }) => {
      const where = and(eq(apiKeys.tenantId, ctx.tenant.id), isNull(apiKeys.revokedAt));
      const rows = await pageOf(ctx.db.select().from(apiKeys).$dynamic(), apiKeys.id, { ...input, where });
      return toPage(rows, input.limit, toApiKey);
    }),

  revoke: adminPersonProcedure
    .meta({
      openapi: { method: 'DELETE', path: '/api-keys/{id}', tags, summary: 'Revoke an API key (admins)' },
      refusals: ['NOT_FOUND'],
      successStatus: 204,
      audit: { action: 'api_key.revoke', entityType: 'api_key' },
    })
    .input(idInput)
    .use(about('id'))
    .output(z.null())
    .mutation(async ({ ctx, input: { id } }) => {
      await lockMembersAsAdmin(ctx.db, ctx.tenant.id, ctx.actor);
      const [revoked] = await ctx.db
        .update(apiKeys)
        .set({ revokedAt: now() })
        .where(and(eq(apiKeys.tenantId, ctx.tenant.id), eq(apiKeys.id, id), isNull(apiKeys.revokedAt)))
        .returning({ name: apiKeys.name, role: apiKeys.role, prefix: apiKeys.prefix });
      ctx.auditEntry.note({ changes: changesBetween(orNotFound(revoked, 'API key'), {}) });
      return null;
    }),
});

type ApiKey = Pick<typeof apiKeys.$inferSelect, 'id' | 'name' | 'role' | 'prefix' | 'expiresAt' | 'lastUsedAt'>;

function toApiKey({ id, name, role, prefix, expiresAt, lastUsedAt }: ApiKey): z.infer<typeof apiKeyShape> {
  return {
    id,
    name,
    role,
    prefix,
    expiresAt: expiresAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}

/**
 * Returns the expiry of a new key: `wanted`, or the default lifetime from now. It uses the database's clock, which also
 * decides later whether the key has expired.
 * @throws AppError `VALIDATION_FAILED` for a time in the past or beyond the longest lifetime
 */
async function expiryOf(tx: Tx, wanted: Date | undefined): Promise<Date> {
  const clock = await readClock(tx);
  const inDays = (days: number): Date => new Date(clock.getTime() + days * DAY_MS);
  if (wanted === undefined) return inDays(LIFE.usual);
  if (wanted <= clock) throw invalidExpiry('must be in the future');
  if (wanted > inDays(LIFE.longest)) throw invalidExpiry(`must be within ${LIFE.longest} days`);
  return wanted;
}

function invalidExpiry(message: string): AppError {
  return new AppError('VALIDATION_FAILED', 'The input is not valid. See issues for details.', {
    issues: [{ path: ['expiresAt'], message }],
  });
}
