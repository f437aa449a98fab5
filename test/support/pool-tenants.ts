import { createAccessTokens, type AccessClaims } from '../../core/auth/access-token.ts';
import { parseEnv, SETTINGS } from '../../core/env/index.ts';
import type { BoundSchema } from '../../db/entering/enter.ts';
import { connect } from './database.ts';
import type { SharedStack } from './global-setup.ts';
import { signUpTenant, type Founder } from './people.ts';

/** A founder, with the data to enter their tenant without HTTP. */
export interface Housed extends Founder {
  claims: AccessClaims;
  schema: string;
  role: string;
}

/** @returns the verified claims of an access token of the shared stack */
async function claimsOf(stack: SharedStack, token: string): Promise<AccessClaims> {
  const { JWT_KEYS: keys, PUBLIC_URL: issuer } = parseEnv(
    stack.env,
    SETTINGS.pick({ JWT_KEYS: true, PUBLIC_URL: true }),
  );
  return await (await createAccessTokens({ keys, issuer })).verify(token);
}

/** Founds two tenants with different founders. */
export async function foundPair(stack: SharedStack): Promise<[Housed, Housed]> {
  return await Promise.all([house(stack), house(stack)]);
}

async function house(stack: SharedStack): Promise<Housed> {
  const founder = await signUpTenant(stack);
  await using owner = connect(stack.databaseOwnerUrl);
  const [row] = await owner.sql<{ schema: string; role: string }[]>`
    select schema_name as schema, db_role as role from public.tenants where id = ${founder.tenantId}`;
  if (!row) throw new Error(`Tenant ${founder.slug} has no row`);
  return { ...founder, ...row, claims: await claimsOf(stack, founder.tokens().accessToken) };
}

/** @returns the arguments with which the middleware chain enters the tenant for this member */
export function doorTo({ claims, slug }: Housed, schema: BoundSchema, readOnly = true) {
  const { sid: sessionId, sub: userId, tid: tenantId, exp } = claims;
  const caller = { kind: 'session', sessionId, userId, tenantId, expiresAt: new Date(exp * 1000) } as const;
  return { caller, admitted: true, slug, schema, readOnly, roles: ['admin', 'member'] as const };
}
