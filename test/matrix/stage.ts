import type postgres from 'postgres';
import { createAccessTokens, type AccessTokens, type SigningKey } from '../../core/auth/access-token.ts';
import { parseEnv, SETTINGS } from '../../core/env/index.ts';
import type { SecretKeys } from '../../core/secret-keys.ts';
import { connect } from '../support/database.ts';
import type { SharedStack } from '../support/global-setup.ts';
import { signUpTenant } from '../support/people.ts';
import { foundPair, type Housed } from '../support/pool-tenants.ts';
import type { Logs } from './audit.ts';

/** The three tenants of the tests, and what is needed to make callers in them. */
export interface Stage extends AsyncDisposable {
  url: string;
  /** The owner's connection, which inserts what a call needs and reads what it left. */
  sql: postgres.Sql;
  /** The tenant of the calls. */
  home: Housed;
  /** Another tenant, whose people have no access to the first. */
  away: Housed;
  /** A tenant to which every caller may be invited. */
  open: { tenantId: string; slug: string };
  /** The hash of `PASSWORD`, computed once. */
  passwordHash: string;
  accessTokens: AccessTokens;
  signingKey: SigningKey;
  issuer: string;
  secretKeys: SecretKeys;
  /** Users and tenants to delete at the end. */
  litter: { users: string[]; tenants: string[] };
}

export async function setStage(stack: SharedStack): Promise<Stage> {
  const env = parseEnv(stack.env, SETTINGS.pick({ JWT_KEYS: true, PUBLIC_URL: true, SECRET_KEY: true }));
  const [[home, away], open] = await Promise.all([foundPair(stack), signUpTenant(stack)]);
  const { sql } = connect(stack.databaseOwnerUrl, 4);
  const [founder] = await sql<{ hash: string }[]>`
    select password_hash as hash from public.users where id = ${home.userId}`;
  if (!founder) throw new Error('The founder has no row');
  const litter: Stage['litter'] = { users: [], tenants: [] };
  return {
    url: stack.url,
    sql,
    home,
    away,
    open,
    passwordHash: founder.hash,
    accessTokens: await createAccessTokens({ keys: env.JWT_KEYS, issuer: env.PUBLIC_URL }),
    signingKey: env.JWT_KEYS[0],
    issuer: env.PUBLIC_URL,
    secretKeys: env.SECRET_KEY,
    litter,
    async [Symbol.asyncDispose]() {
      // Above all operators must go, since other tests do not expect them. Tenants that the worker has provisioned stay.
      await sql`delete from public.users where id = any(${litter.users})`;
      await sql`delete from public.tenants where id = any(${litter.tenants}) and status = 'failed'`;
      await sql.end({ timeout: 5 });
    },
  };
}

export function logsOf({ home, away, open }: Stage): Logs {
  return new Map([
    [home.tenantId, 'home'],
    [away.tenantId, 'away'],
    [open.tenantId, 'open'],
    [null, 'the platform'],
  ]);
}
