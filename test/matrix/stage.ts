import type postgres from 'postgres';
import { createAccessTokens, type AccessTokens, type SigningKey } from '../../core/auth/access-token.ts';
import { parseEnv, SETTINGS } from '../../core/env/index.ts';
import type { SecretKeys } from '../../core/secret-keys.ts';
import { connect } from '../support/database.ts';
import type { SharedStack } from '../support/global-setup.ts';
import { signUpTenant } from '../support/people.ts';
import { foundPair, type Housed } from '../support/pool-tenants.ts';
import type { Logs } from './audit.ts';

/** Where all happens: three tenants, and what it takes to be anybody in them. */
export interface Stage extends AsyncDisposable {
  url: string;
  /** As the owner: makes what a call needs, and looks at what it left. */
  sql: postgres.Sql;
  /** The tenant that is called. */
  home: Housed;
  /** Another one, whose people and things have no business in the first. */
  away: Housed;
  /** One that anybody may be invited to. */
  open: { tenantId: string; slug: string };
  /** Of `PASSWORD`: hashed once. */
  passwordHash: string;
  accessTokens: AccessTokens;
  signingKey: SigningKey;
  issuer: string;
  secretKeys: SecretKeys;
  /** Users and tenants to take away afterwards. */
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
      // Operators above all: no other test counts on them. Tenants that were taken up by the worker stay.
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
