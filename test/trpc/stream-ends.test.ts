import { importJWK, SignJWT } from 'jose';
import { v7 as uuidv7 } from 'uuid';
import { expect, inject, test } from 'vitest';
import { parseEnv, SETTINGS } from '../../core/env/index.ts';
import { watch, watchStandstill } from './watch.ts';

const place = inject('stack');
const env = parseEnv(place.env, SETTINGS.pick({ JWT_KEYS: true, PUBLIC_URL: true }));

test('a stream ends within 5 s when its session is revoked', async () => {
  const { member, owner, stream } = await watchStandstill(place);
  await using _ = owner;
  await member.client.auth.logout.mutate();
  const revokedAt = performance.now();
  expect(await stream.end).toEqual({ code: 'UNAUTHORIZED', reason: 'UNAUTHENTICATED' });
  expect(performance.now() - revokedAt).toBeLessThan(5_000);
});

test('a stream ends within 5 s when the membership is gone', async () => {
  const { member, owner, stream } = await watchStandstill(place);
  await using _ = owner;
  await owner.sql`delete from public.user_tenant_membership where user_id = ${member.userId}`;
  const removedAt = performance.now();
  expect(await stream.end).toEqual({ code: 'NOT_FOUND', reason: 'TENANT_NOT_FOUND' });
  expect(performance.now() - removedAt).toBeLessThan(5_000);
});

test('the error that ends a stream has the same code and reason as in any other answer, so that clients do not reconnect', async () => {
  const { other, owner, stream } = await watchStandstill(place);
  await using _ = owner;
  stream.unsubscribe();
  const token = other.tokens().accessToken;
  const input = encodeURIComponent(JSON.stringify({ slug: other.slug }));
  const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
  const response = await fetch(`${place.url}/trpc/tenants.onStatus?input=${input}`, { headers });
  await other.client.auth.logout.mutate();

  const text = await response.text();
  expect(text).toContain('event: serialized-error');
  expect(text).toContain('"code":"UNAUTHORIZED"');
  expect(text).not.toContain('INTERNAL');
});

test('a stream ends with UNAUTHENTICATED when the token that opened it expires', async () => {
  const { member, other, owner, stream } = await watchStandstill(place);
  await using _ = owner;
  stream.unsubscribe();
  const [session] = await owner.sql<{ id: string }[]>`
    select id from public.sessions where user_id = ${member.userId} and revoked_at is null limit 1`;
  const now = Math.floor(Date.now() / 1000);
  const token = await new SignJWT({ sid: session?.id ?? '' })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: env.JWT_KEYS[0].kid })
    .setIssuer(env.PUBLIC_URL)
    .setAudience('atrium:access')
    .setSubject(member.userId)
    .setJti(uuidv7())
    .setIssuedAt(now)
    .setExpirationTime(now + 6)
    .sign(await importJWK(env.JWT_KEYS[0], 'EdDSA'));
  const { seen, end } = watch(place, token, other.slug);
  expect(await end).toEqual({ code: 'UNAUTHORIZED', reason: 'UNAUTHENTICATED' });
  expect(seen.map(({ status }) => status)).toEqual(['provisioning']);
});
