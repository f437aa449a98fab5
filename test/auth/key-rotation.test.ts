import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import { afterAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { createClient } from '../../client/index.ts';
import { connect } from '../support/database.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { nextMail, tokenIn } from '../support/mail.ts';
import { signUpTenant, logIn } from '../support/people.ts';
import { startOwnStack } from '../support/own-stack.ts';
import { reasonOf, rest } from '../support/rest.ts';

// The rotation of docs/how-to/rotate-keys.md: the first key signs, all keys verify, and no session ends.
const stack = await startOwnStack(inject('stack'));
afterAll(() => stack.remove());

const keySet = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) });
const jwks = (...keys: unknown[]): string => JSON.stringify({ keys });

function newKey() {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { ...privateKey.export({ format: 'jwk' }), kid: 'the-next-key' };
}

async function restart(settings: Record<string, string>): Promise<void> {
  await stack.server.stop();
  await stack.server.start(settings);
}

const me = async (token: string): Promise<unknown> => reasonOf(await rest(stack.url, 'GET', '/users/me', { token }));

test('signing keys are rotated without logging anyone out, and a removed key verifies nothing', async () => {
  const founder = await signUpTenant(stack);
  const before = founder.tokens();
  const oldSecret = stack.env['SECRET_KEY'] ?? '';
  const [oldKey] = keySet.parse(JSON.parse(stack.env['JWT_KEYS'] ?? '{}')).keys;
  const key = newKey();
  const secret = randomBytes(32).toString('base64');
  const signUp = freshSignUp();
  await createClient({ url: stack.url }).auth.register.mutate(signUp);
  const mailed = tokenIn(await nextMail(stack.mailDir, signUp.email));
  const { refreshToken } = before;
  const first = await createClient({ url: stack.url }).auth.refresh.mutate({ refreshToken });

  await restart({ JWT_KEYS: jwks(key, oldKey), SECRET_KEY: `${secret},${oldSecret}` });
  const published = keySet.parse(await (await fetch(`${stack.url}/.well-known/jwks.json`)).json());
  expect(published.keys.map(({ kid }) => kid)).toEqual([key.kid, oldKey?.kid]);
  expect(JSON.stringify(published)).not.toContain('"d"');
  expect(await me(before.accessToken)).toBeUndefined();
  await using owner = connect(stack.databaseOwnerUrl);
  await owner.sql`update public.refresh_tokens set used_at = now() where used_at is not null`;
  // Within the grace the successor, which was sealed with the old secret, is opened.
  const again = await createClient({ url: stack.url }).auth.refresh.mutate({ refreshToken });
  expect(again.refreshToken).toBe(first.refreshToken);
  await createClient({ url: stack.url }).auth.verifyEmail.mutate({ token: mailed });
  const { accessToken } = (await logIn(stack, founder)).login;
  expect(decodeProtectedHeader(accessToken).kid).toBe(key.kid);

  await restart({ JWT_KEYS: jwks(key), SECRET_KEY: secret });
  expect(await me(accessToken)).toBeUndefined();
  expect(await me(before.accessToken)).toBe('UNAUTHENTICATED');
  const renewed = await createClient({ url: stack.url }).auth.refresh.mutate({ refreshToken: first.refreshToken });
  expect(await me(renewed.accessToken)).toBeUndefined();
}, 60_000);
