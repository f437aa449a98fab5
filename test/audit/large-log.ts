import { setTimeout as pause } from 'node:timers/promises';
import { decodeJwt, decodeProtectedHeader, importJWK, SignJWT } from 'jose';
import { z } from 'zod';
import { connect, superuserUrl } from '../support/database.ts';
import type { SharedStack } from '../support/global-setup.ts';
import { startOwnStack } from '../support/own-stack.ts';
import { signUpTenant } from '../support/people.ts';
import { waitFor } from '../support/wait.ts';

/** About 35 MB of lines. */
export const ROWS = 10_000;

const jwks = z.object({
  keys: z
    .tuple([z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string() })])
    .rest(z.unknown()),
});

/** Starts a stack with a tenant whose log has `ROWS` rows. @returns the stack, and functions that export the log */
export async function openLargeLog(shared: SharedStack) {
  const stack = await startOwnStack(shared, { extraEnv: { DRAIN_SECONDS: '1', SHUTDOWN_SECONDS: '8' } });
  const owner = connect(stack.databaseOwnerUrl);
  // Only a superuser sees the transactions of other roles.
  const superuser = connect(superuserUrl(stack, stack.databaseUrl));
  const founder = await signUpTenant(stack);
  await owner.sql`
    insert into public.audit_logs (id, tenant_id, action, entity_type, actor_type, outcome, changes)
    select uuidv7(), ${founder.tenantId}, 'test.row', 'test', 'system', 'success',
      jsonb_build_object('text', jsonb_build_array(null, repeat('x', 3000)))
    from generate_series(1, ${ROWS})`;

  function begin(signal?: AbortSignal, method = 'GET', token = founder.tokens().accessToken): Promise<Response> {
    return fetch(`${stack.url}/api/v1/audit/export`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'x-tenant-slug': founder.slug },
      ...(signal && { signal }),
    });
  }

  /** Waits until the server reads no more rows and has no open transaction. */
  async function rested(): Promise<void> {
    let before = '';
    await waitFor('the server to rest', async () => {
      const [now] = await superuser.sql<{ open: number; rows: string }[]>`
        select (select count(*)::int from pg_stat_activity where usename = 'atrium_app' and datname = current_database()
            and xact_start is not null) as open,
          (select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::text from pg_stat_all_tables where relname like 'audit_logs%') as rows`;
      const still = now?.open === 0 && now.rows === before;
      before = now?.rows ?? '';
      // The statistics of PostgreSQL are a second late.
      if (!still) await pause(1_200);
      return still;
    });
  }

  /** @returns the outcomes of the exports in the log */
  const outcomes = (): string[] =>
    stack.lines.flatMap((line) =>
      line.includes('audit.export') ? [/"?outcome"?: ?"(\w+)"/.exec(line)?.[1] ?? line] : [],
    );

  async function nobodyListens(): Promise<void> {
    await waitFor('nobody to listen any more', () =>
      fetch(`${stack.url}/livez`).then(
        () => false,
        () => true,
      ),
    );
  }

  /** @returns the founder's access token, signed again to expire after this many ms, rounded down to a second */
  async function shortLived(milliseconds: number): Promise<string> {
    const token = founder.tokens().accessToken;
    const { keys } = jwks.parse(JSON.parse(stack.env['JWT_KEYS'] ?? ''));
    return await new SignJWT(decodeJwt(token))
      .setProtectedHeader({ alg: 'EdDSA', ...decodeProtectedHeader(token) })
      .setExpirationTime(new Date(Date.now() + milliseconds))
      .sign(await importJWK(keys[0], 'EdDSA'));
  }

  return {
    stack,
    owner,
    founder,
    begin,
    rested,
    outcomes,
    nobodyListens,
    shortLived,
    async [Symbol.asyncDispose]() {
      await owner[Symbol.asyncDispose]();
      await superuser[Symbol.asyncDispose]();
      await stack.remove();
    },
  };
}
