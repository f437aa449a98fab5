import type postgres from 'postgres';
import { v7 as uuidv7 } from 'uuid';
import { createAccessTokens, type AccessTokens } from '../../core/auth/access-token.ts';
import { parseEnv, SETTINGS } from '../../core/env/index.ts';
import type { SecretKeys } from '../../core/secret-keys.ts';
import { hashRefreshToken, mintRefreshToken } from '../../core/auth/refresh-token.ts';
import { connect } from '../support/database.ts';
import type { SharedStack } from '../support/global-setup.ts';
import { signUpTenant, freshEmail, type Founder } from '../support/people.ts';
import type { Handles } from './handles.ts';
import { beginning, item, type Model, type TenantIndex } from './model.ts';

/** Two tenants, which the histories use one after the other, and the connections and keys to act in them. */
export interface Stage extends AsyncDisposable {
  place: SharedStack;
  /** The owner's connection. */
  sql: postgres.Sql;
  secretKeys: SecretKeys;
  tokens: AccessTokens;
  founders: readonly [Founder, Founder];
  /** The access token of an operator. */
  operator: string;
}

/** The stage of one history, with its first state. */
export interface World extends Stage {
  model: Model;
  handles: Handles;
}

/** Founds the two tenants and creates an operator. */
export async function buildStage(place: SharedStack): Promise<Stage> {
  const settings = SETTINGS.pick({ JWT_KEYS: true, PUBLIC_URL: true, SECRET_KEY: true });
  const { JWT_KEYS: keys, PUBLIC_URL: issuer, SECRET_KEY: secretKeys } = parseEnv(place.env, settings);
  const tokens = await createAccessTokens({ keys, issuer });
  const founders = await Promise.all([signUpTenant(place), signUpTenant(place)]);
  const owner = connect(place.databaseOwnerUrl);
  const half = { place, sql: owner.sql, tokens, founders };
  const id = await addPerson(half, freshEmail('operator'));
  await owner.sql`update public.users set is_superuser = true where id = ${id}`;
  const { access: operator } = await addSession(half, id, null);
  return { ...half, secretKeys, operator, [Symbol.asyncDispose]: () => owner[Symbol.asyncDispose]() };
}

/** Removes the people of the previous history from the tenants, and adds those of the first state. */
export async function beginWorld(stage: Stage): Promise<World> {
  const { sql, founders } = stage;
  const ids = founders.map(({ tenantId }) => tenantId);
  await sql`delete from public.user_tenant_membership where tenant_id = any(${ids})`;
  await sql`delete from public.invites where tenant_id = any(${ids})`;
  await sql`delete from public.api_keys where tenant_id = any(${ids})`;

  const model = beginning();
  const handles: Handles = {
    slugs: [founders[0].slug, founders[1].slug],
    people: [],
    sessions: [],
    accessTokens: [],
    refreshTokens: [],
    invites: [],
    keys: [],
    resets: [],
  };
  for (const { name, account, roles } of model.people) {
    const email = freshEmail(name.toLowerCase());
    const id = account === 'none' ? uuidv7() : await addPerson(stage, email);
    handles.people.push({ email, id });
    for (const tenant of [0, 1] as const) {
      if (roles[tenant] !== null) {
        await sql`
          insert into public.user_tenant_membership (user_id, tenant_id, role)
          values (${id}, ${founders[tenant].tenantId}, ${roles[tenant]})`;
      }
    }
  }
  for (const [index, { person }] of model.sessions.entries()) {
    const { tenant } = item(model.accessTokens, index);
    const made = await addSession(stage, item(handles.people, person).id, tenant);
    handles.sessions.push(made.session);
    handles.accessTokens.push(made.access);
    handles.refreshTokens.push(made.refresh);
  }
  return { ...stage, model, handles };
}

/** Adds a person with the founder's password hash, which saves an Argon2 run. @returns the id */
async function addPerson({ sql, founders }: Pick<Stage, 'sql' | 'founders'>, email: string): Promise<string> {
  const id = uuidv7();
  await sql`
    insert into public.users (id, email, full_name, password_hash)
    select ${id}, ${email}, 'Grace Hopper', password_hash from public.users where id = ${founders[0].userId}`;
  return id;
}

/** Adds a session as a login does, without an Argon2 run. */
async function addSession(
  { sql, tokens, founders }: Pick<Stage, 'sql' | 'tokens' | 'founders'>,
  userId: string,
  tenant: TenantIndex | null,
): Promise<{ session: string; access: string; refresh: string }> {
  const session = uuidv7();
  const refresh = mintRefreshToken();
  const tenantId = tenant === null ? undefined : founders[tenant].tenantId;
  await sql`insert into public.sessions (id, user_id, expires_at) values (${session}, ${userId}, now() + interval '90 days')`;
  await sql`
    insert into public.refresh_tokens (id, session_id, tenant_id, token_hash, expires_at)
    values (${uuidv7()}, ${session}, ${tenantId ?? null}, ${hashRefreshToken(refresh)}, now() + interval '30 days')`;
  return { session, access: await tokens.sign({ sub: userId, sid: session, tid: tenantId }), refresh };
}
