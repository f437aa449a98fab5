import { setTimeout as pause } from 'node:timers/promises';
import { decodeJwt, decodeProtectedHeader, importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { connect, superuserUrl } from '../support/database.ts';
import { startOwnStack } from '../support/own-stack.ts';
import { signUpTenant, type Founder } from '../support/people.ts';
import { at, reasonOf, rest } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';

// The log is larger than the server's memory should be: the export reads rows only as fast as the client takes them.
// A stack of its own, because the tests count the rows that are read.
const stack = await startOwnStack(inject('stack'), { extraEnv: { DRAIN_SECONDS: '1', SHUTDOWN_SECONDS: '8' } });
const owner = connect(stack.databaseOwnerUrl);
// Only a superuser sees the transactions of other roles.
const superuser = connect(superuserUrl(stack, stack.databaseUrl));
/** About 35 MB of lines. */
const ROWS = 10_000;
let founder: Founder;

beforeAll(async () => {
  founder = await signUpTenant(stack);
  await owner.sql`
    insert into public.audit_logs (id, tenant_id, action, entity_type, actor_type, outcome, changes)
    select uuidv7(), ${founder.tenantId}, 'test.row', 'test', 'system', 'success',
      jsonb_build_object('text', jsonb_build_array(null, repeat('x', 3000)))
    from generate_series(1, ${ROWS})`;
});
afterAll(async () => {
  await owner[Symbol.asyncDispose]();
  await superuser[Symbol.asyncDispose]();
  await stack.remove();
});

const jwks = z.object({
  keys: z
    .tuple([z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string() })])
    .rest(z.unknown()),
});

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

test(`an export of ${ROWS} rows has each row once and in order`, async () => {
  const text = await (await begin()).text();
  const ids = text
    .trimEnd()
    .split('\n')
    .map((line) => String(at(JSON.parse(line), 'id')));
  expect(ids.length).toBeGreaterThan(ROWS);
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
  // The log line is written a moment after the answer, and the next test counts lines.
  await waitFor('the line of the export', () => outcomes().at(-1) === 'ok');
});

test('a client that disconnects ends its export, and may begin another one each time', async () => {
  const before = outcomes().length;
  for (let count = 0; count < 12; count += 1) {
    const leaving = new AbortController();
    const response = await waitFor('a free stream', async () => {
      const answer = await begin(leaving.signal);
      return answer.status === 200 && answer;
    });
    const first = await response.body?.getReader().read();
    expect(first?.done).toBe(false);
    leaving.abort();
  }
  // Requests before a place was free were refused.
  const exports = (): string[] =>
    outcomes()
      .slice(before)
      .filter((outcome) => outcome !== 'RATE_LIMITED');
  await waitFor('the lines of the exports', () => exports().length >= 12);
  expect(new Set(exports())).toEqual(new Set(['cut']));
  // A client that disconnects is not an error of the server.
  expect(stack.lines.filter((line) => line.includes('an export was aborted'))).toEqual([]);
});

test('HEAD of the export leaves no export open', async () => {
  for (let count = 0; count < 12; count += 1) {
    // The previous export ends only after its current batch.
    const status = await waitFor('a free stream', async () => {
      const answer = await begin(undefined, 'HEAD');
      return answer.status === 200 && answer.status;
    });
    expect(status).toBe(200);
  }
});

test('one caller may have five exports and verifications at once, and no more', async () => {
  const open = await Promise.all(
    Array.from({ length: 5 }, () =>
      waitFor('a free stream', async () => {
        const response = await begin();
        return response.status === 200 && response;
      }),
    ),
  );
  const call = { token: founder.tokens().accessToken, tenant: founder.slug };
  expect((await begin()).status).toBe(429);
  expect(reasonOf(await rest(stack.url, 'GET', '/audit/verify', call))).toBe('RATE_LIMITED');
  await open[0]?.body?.cancel();
  await waitFor('a place to be free', async () => (await rest(stack.url, 'GET', '/audit/verify', call)).status === 200);
  for (const { body } of open.slice(1)) await body?.cancel();
});

/** @returns the outcomes of the exports in the log */
const outcomes = (): string[] =>
  stack.lines.flatMap((line) =>
    line.includes('audit.export') ? [/"?outcome"?: ?"(\w+)"/.exec(line)?.[1] ?? line] : [],
  );

test('an export continues for a slow reader, for longer than a connection may be idle', async () => {
  await stack.server.stop();
  await stack.server.start({ IDLE_SECONDS: '1', READER_SECONDS: '60' });
  const response = await begin();
  const reader = response.body?.getReader();
  let bytes = (await reader?.read())?.value?.length ?? 0;
  // Bun checks its timeouts every 4 s: an idle timeout of a second would close the connection within 8 s.
  await pause(10_000);
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) bytes += part.value.length;
  expect(bytes).toBeGreaterThan(ROWS * 3_000);
  await waitFor('the line of the export', () => outcomes().at(-1) === 'ok');
});

test('an export whose reader stops reading is cut off after a while, and is logged and counted as cut', async () => {
  await stack.server.stop();
  await stack.server.start({ IDLE_SECONDS: '30', READER_SECONDS: '10' });
  const response = await begin();
  const reader = response.body?.getReader();
  await reader?.read();
  await waitFor('the line of the export', () => outcomes().at(-1) === 'cut', 60_000);
  const metrics = await (await fetch(`${stack.url}/metrics`)).text();
  expect(metrics).toMatch(/^atrium_http_answers_cut_total\{mount="rest"\} 1$/m);
  expect(metrics).toMatch(/^atrium_calls_total\{procedure="audit.export",mount="rest",outcome="cut"\} 1$/m);
  const remainder = (async () => {
    for (;;) if ((await reader?.read())?.done !== false) return;
  })();
  await expect(remainder).rejects.toThrow();
  await stack.server.stop();
  await stack.server.start();
});

async function nobodyListens(): Promise<void> {
  await waitFor('nobody to listen any more', () =>
    fetch(`${stack.url}/livez`).then(
      () => false,
      () => true,
    ),
  );
}

test('a server that shuts down lets a running export end', async () => {
  const response = await begin();
  const reader = response.body?.getReader();
  let bytes = (await reader?.read())?.value?.length ?? 0;
  const stopping = stack.server.stop();
  await nobodyListens();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) bytes += part.value.length;
  expect(bytes).toBeGreaterThan(ROWS * 3_000);
  await stopping;
  await stack.server.start();
});

test('an export that a shutdown cuts off ends with an error, so that no client takes it for complete', async () => {
  const response = await begin();
  const reader = response.body?.getReader();
  await reader?.read();
  await stack.server.stop();
  const remainder = (async () => {
    for (;;) if ((await reader?.read())?.done !== false) return;
  })();
  await expect(remainder).rejects.toThrow();
  await stack.server.start();
});

test('an export is aborted when the token that began it expires', async () => {
  const response = await begin(undefined, 'GET', await shortLived(6_000));
  expect(response.status).toBe(200);
  const reader = response.body?.getReader();
  await reader?.read();
  await pause(6_100);
  const remainder = (async () => {
    for (;;) if ((await reader?.read())?.done !== false) return;
  })();
  await expect(remainder).rejects.toThrow();
});

/** @returns the founder's access token, signed again to expire after this many ms, rounded down to a second */
async function shortLived(milliseconds: number): Promise<string> {
  const token = founder.tokens().accessToken;
  const { keys } = jwks.parse(JSON.parse(stack.env['JWT_KEYS'] ?? ''));
  return await new SignJWT(decodeJwt(token))
    .setProtectedHeader({ alg: 'EdDSA', ...decodeProtectedHeader(token) })
    .setExpirationTime(new Date(Date.now() + milliseconds))
    .sign(await importJWK(keys[0], 'EdDSA'));
}

// It must be the last test, because it ends the founder's session.
test('an export reads no rows ahead for a client that does not read, and is aborted when the session ends', async () => {
  const response = await begin();
  const reader = response.body?.getReader();
  await reader?.read();
  await rested();
  await owner.sql`update public.sessions set revoked_at = now() where user_id = ${founder.userId}`;
  let bytes = 0;
  const reading = (async () => {
    for (;;) {
      const part = await reader?.read();
      if (!part || part.done) return;
      bytes += part.value.length;
    }
  })();
  // The client must see that the export is not complete.
  await expect(reading).rejects.toThrow();
  expect(bytes).toBeLessThan(ROWS * 1_500);
  // The log must show it too.
  await waitFor('the line of the request', () =>
    stack.lines.some((line) => line.includes('audit.export') && line.includes('"outcome":"UNAUTHENTICATED"')),
  );
});
