import { z } from 'zod';
import { ACCESS_TOKEN_SECONDS } from '../core/auth/access-token.ts';
import { inWords } from '../core/duration.ts';
import { displayText } from '../core/text/display-text.ts';
import { emailShape } from '../core/mail/address.ts';
import { idSchema } from '../core/id.ts';
import type { User } from '../db/entering/callers.ts';
import type { Tenant } from '../db/entering/enter.ts';
import { MODES, ROLES, TENANT_STATUSES, type Role } from '../db/tables/lobby.ts';

// What clients see, once for tRPC, REST and OpenAPI. The `id` of a shape is its name in the OpenAPI document.

export const idShape = z.uuid().describe('UUIDv7');
export const time = z.iso.datetime().describe('ISO 8601, UTC');

export const userShape = z
  .object({ id: idShape, email: emailShape, fullName: z.string(), createdAt: time })
  .meta({ id: 'User' });

/** Another user, as an operator or a user sees them. */
export const personShape = z.object({ id: z.uuid(), email: emailShape, fullName: z.string() }).meta({ id: 'Person' });

export const roleShape = z.enum(ROLES).meta({ id: 'Role' });
export const modeShape = z.enum(MODES).meta({ id: 'IdentityMode' });
export const tenantStatusShape = z.enum(TENANT_STATUSES).meta({ id: 'TenantStatus' });

export const tenantShape = z
  .object({
    id: idShape,
    slug: z.string(),
    name: z.string(),
    status: tenantStatusShape,
    role: roleShape.optional().describe('Role of the caller in this tenant'),
  })
  .meta({ id: 'Tenant' });

/** An answer that is the same for every caller: it says nothing. */
export const emptyShape = z.strictObject({}).meta({ id: 'Empty' });

/** The answer to a registration, and to making another tenant. */
export const acceptedShape = z
  .object({
    tenant: z.object({ slug: z.string(), status: z.literal('provisioning') }).meta({ id: 'AcceptedTenant' }),
  })
  .meta({ id: 'Accepted' });

export const loginShape = z
  .object({
    accessToken: z.string().describe(`JWT that is valid for ${inWords(ACCESS_TOKEN_SECONDS * 1000)}`),
    refreshToken: z.string().describe('Opaque token that can be used once'),
    tokenType: z.literal('Bearer'),
    expiresIn: z.int().describe('Seconds until the access token expires'),
    user: userShape,
    tenant: tenantShape.nullable().describe('null for a lobby token'),
  })
  .meta({ id: 'Login' });

/** A login of one's own, from one device. */
export const sessionShape = z
  .object({
    id: idShape,
    userAgent: z.string().nullable().describe('User-Agent header of the login'),
    ipAddress: z.string().nullable(),
    createdAt: time,
    lastSeenAt: time.describe('ISO 8601, UTC, with a precision of one minute'),
    current: z.boolean().describe('Whether this is the session of the request'),
  })
  .meta({ id: 'Session' });

export const idInput = z.strictObject({ id: idSchema.describe('UUIDv7') });

/**
 * The input of a subscription: beside its own fields the id of the last event that a client got, which tRPC puts in where a
 * client connects again (`Last-Event-Id`). A stream that begins with how things are now has no use for it.
 */
export function subscriptionInput<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject({ ...shape, lastEventId: z.string().optional() });
}

/** A token of any kind: one of the wrong kind is refused as a token, not for its length. */
export const tokenInput = z.string().max(4_096);

/** The input of every list: newest first, from after `cursor` on. */
export const pageInput = z.strictObject({
  cursor: idSchema.optional().describe('nextCursor of the previous page'),
  limit: z.int().min(1).max(100).default(50),
});

export function pageShape<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().describe('null on the last page'),
  });
}

/**
 * Cuts a page from rows that were read with one more than `limit`: whether it came says if there is a next page.
 * @param show makes what the client sees
 */
export function toPage<Row extends { id: string }, Item>(
  rows: readonly Row[],
  limit: number,
  show: (row: Row) => Item,
) {
  const shown = rows.slice(0, limit);
  const nextCursor = rows.length > limit ? (shown.at(-1)?.id ?? null) : null;
  return { items: shown.map(show), nextCursor };
}

/** Text as PostgreSQL can hold it: no NUL, no half of a surrogate pair. @param max in characters */
export function textInput(max: number) {
  return z
    .string()
    .max(max, `must be at most ${max} characters long`)
    .refine((text) => text.isWellFormed() && !text.includes('\0'), 'must be well-formed text without NUL')
    .meta({ pattern: String.raw`^[^\u0000]*$` });
}

/** A name that others see: of a person, a tenant, a project or a key. */
export const nameInput = displayText({ max: 100, visible: 1, lines: false });

export function toUserShape({ id: userId, email, fullName, createdAt }: User): z.infer<typeof userShape> {
  return { id: userId, email, fullName, createdAt: createdAt.toISOString() };
}

export function toTenantShape({ id: tenantId, slug, name, status }: Tenant, role: Role): z.infer<typeof tenantShape> {
  return { id: tenantId, slug, name, status, role };
}
