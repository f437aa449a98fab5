import { z } from 'zod';
import { ACCESS_TOKEN_SECONDS } from '../core/auth/access-token.ts';
import { inWords } from '../core/duration.ts';
import { displayText } from '../core/text/display-text.ts';
import { emailShape } from '../core/mail/address.ts';
import { idSchema } from '../core/id.ts';
import type { User } from '../db/entering/callers.ts';
import type { Tenant } from '../db/entering/enter.ts';
import { MODES, ROLES, TENANT_STATUSES, type Role } from '../db/tables/lobby.ts';

// The inputs and outputs that tRPC, REST and OpenAPI share. The `id` of a shape is its name in the OpenAPI document.

export const idShape = z.uuid().describe('UUIDv7');
export const time = z.iso.datetime().describe('ISO 8601, UTC');

export const userShape = z
  .object({ id: idShape, email: emailShape, fullName: z.string(), createdAt: time })
  .meta({ id: 'User' });

/** The fields of a user that another user may see. */
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

/** An empty answer. It is the same for every address, so it does not reveal whether an account exists. */
export const emptyShape = z.strictObject({}).meta({ id: 'Empty' });

/** The answer of a procedure that starts the provisioning of a tenant. */
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

/** A session of the caller. */
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
 * The input of a subscription: its own fields and `lastEventId`. tRPC sets `lastEventId` to the last event that the client
 * received (`Last-Event-Id`) when the client reconnects. A stream that begins with the current state can ignore it.
 */
export function subscriptionInput<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject({ ...shape, lastEventId: z.string().optional() });
}

/** A token of any kind. The maximum exceeds the length of every kind, so a token of the wrong kind is refused as a token. */
export const tokenInput = z.string().max(4_096);

/** The input of every list. A page starts after `cursor`, newest first. */
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
 * Makes a page of the rows that `pageOf` read. If there are more than `limit` rows, there is a next page.
 * @param show converts a row to the item that the client receives
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

/** A text that PostgreSQL can store: without NUL and lone surrogates. @param max in characters */
export function textInput(max: number) {
  return z
    .string()
    .max(max, `must be at most ${max} characters long`)
    .refine((text) => text.isWellFormed() && !text.includes('\0'), 'must be well-formed text without NUL')
    .meta({ pattern: String.raw`^[^\u0000]*$` });
}

/** A name that other users see: of a person, a tenant, a project or an API key. */
export const nameInput = displayText({ max: 100, visible: 1, lines: false });

export function toUserShape({ id: userId, email, fullName, createdAt }: User): z.infer<typeof userShape> {
  return { id: userId, email, fullName, createdAt: createdAt.toISOString() };
}

export function toTenantShape({ id: tenantId, slug, name, status }: Tenant, role: Role): z.infer<typeof tenantShape> {
  return { id: tenantId, slug, name, status, role };
}
