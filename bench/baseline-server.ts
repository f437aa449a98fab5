import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, jwtVerify, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import postgres from 'postgres';
import { baselineSettings } from './baseline-settings.ts';

// The baseline for `projects.get`: a handler written by hand for this one call, without router, validation library or ORM.
// It verifies the same token, makes the same checks in the same statement, sets the same role, and reads the same row.

const settings = baselineSettings.parse(JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')));
const sql = postgres(settings.databaseUrl, { max: settings.poolMax, connection: { application_name: 'baseline' } });
const keys = createLocalJWKSet(settings.jwks);
const verified = new LRUCache<string, JWTPayload>({ max: 10_000 });

async function claimsOf(token: string): Promise<JWTPayload | undefined> {
  const hash = createHash('sha256').update(token).digest('base64');
  const known = verified.get(hash);
  if (known) return (known.exp ?? 0) * 1000 > Date.now() ? known : undefined;
  const options = { algorithms: ['EdDSA'], issuer: settings.issuer, audience: 'atrium:access', typ: 'at+jwt' };
  const payload = await jwtVerify(token, keys, options).then(
    (result) => result.payload,
    () => undefined,
  );
  if (payload) verified.set(hash, payload);
  return payload;
}

const server = Bun.serve({
  port: settings.port,
  hostname: '127.0.0.1',
  routes: {
    '/projects/:id': {
      async GET(request) {
        const token = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
        const claims = token === undefined ? undefined : await claimsOf(token);
        if (!claims) return new Response('Unauthorized', { status: 401 });
        const { sid, sub, tid } = claims;
        const slug = request.headers.get('x-tenant-slug');

        const answer = await sql.begin('read only', async (tx) => {
          const [entered] = await tx`
            select m.role,
              set_config('search_path', quote_ident(t.schema_name) || ', pg_temp', true),
              set_config('role', t.db_role, true)
            from public.sessions s
            join public.users u on u.id = s.user_id and u.disabled_at is null
            join public.tenants t on t.id = ${String(tid)} and t.slug = ${slug} and t.status = 'ready'
            join public.user_tenant_membership m on m.tenant_id = t.id and m.user_id = u.id
            where s.id = ${String(sid)} and s.user_id = ${String(sub)} and s.revoked_at is null and s.expires_at > now()`;
          if (!entered) return { status: 403 };
          const [project] = await tx`
            select id, name, description, created_at as "createdAt", updated_at as "updatedAt"
            from projects where id = ${request.params.id}`;
          return { status: project ? 200 : 404, project };
        });
        return Response.json(answer.project ?? null, { status: answer.status });
      },
    },
  },
});
console.log(`baseline ready at ${server.url.href}`);
