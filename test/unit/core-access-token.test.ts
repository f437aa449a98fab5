import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { ACCESS_TOKEN_SECONDS, createAccessTokens, type SigningKey } from '../../core/auth/access-token.ts';

const ISSUER = 'https://atrium.example.com';
const claims = { sub: '0190f7c2-0000-7000-8000-000000000001', sid: '0190f7c2-0000-7000-8000-000000000002' };
const tid = '0190f7c2-0000-7000-8000-000000000003';
let first: SigningKey;
let second: SigningKey;

beforeAll(async () => {
  [first, second] = await Promise.all([makeKey('first'), makeKey('second')]);
});
afterEach(() => {
  vi.useRealTimers();
});

async function makeKey(kid: string): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const { x = '', d = '' } = await exportJWK(privateKey);
  return { kty: 'OKP', crv: 'Ed25519', x, d, kid };
}

const tokensOf = (...keys: [SigningKey, ...SigningKey[]]) => createAccessTokens({ keys, issuer: ISSUER });
const refused = { reason: 'UNAUTHENTICATED' };

test('a signed token verifies with its claims, with and without a tenant', async () => {
  const tokens = await tokensOf(first);
  expect(await tokens.verify(await tokens.sign({ ...claims, tid }))).toMatchObject({ ...claims, tid });
  const lobby = await tokens.verify(await tokens.sign(claims));
  expect(lobby).toMatchObject(claims);
  expect(lobby.tid).toBeUndefined();
});

test('the first key signs, all keys verify, and a removed key verifies nothing', async () => {
  const before = await (await tokensOf(first)).sign(claims);
  const rotated = await tokensOf(second, first);
  expect(await rotated.verify(before)).toMatchObject(claims);
  const after = await rotated.sign(claims);
  expect(await (await tokensOf(second)).verify(after)).toMatchObject(claims);
  await expect((await tokensOf(second)).verify(before)).rejects.toMatchObject(refused);
  await expect((await tokensOf(first)).verify(after)).rejects.toMatchObject(refused);
});

test('no two tokens are the same, and the published keys hold no private part', async () => {
  const tokens = await tokensOf(first, second);
  expect(await tokens.sign(claims)).not.toBe(await tokens.sign(claims));
  expect(JSON.stringify(tokens.jwks)).not.toContain('"d"');
  expect(tokens.jwks.keys.map(({ kid }) => kid)).toEqual(['first', 'second']);
});

test('a token expires after 15 minutes, also if it was verified before', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const tokens = await tokensOf(first);
  const token = await tokens.sign(claims);
  expect(await tokens.verify(token)).toMatchObject(claims);
  vi.setSystemTime(Date.now() + (ACCESS_TOKEN_SECONDS - 5) * 1000);
  expect(await tokens.verify(token)).toMatchObject(claims);
  vi.setSystemTime(Date.now() + 10_000);
  await expect(tokens.verify(token)).rejects.toMatchObject(refused);
  await expect((await tokensOf(first)).verify(token)).rejects.toMatchObject(refused);
});

interface Forgery {
  header?: Record<string, unknown>;
  payload?: Record<string, unknown>;
  key?: SigningKey;
  secret?: string;
}

/** @returns a valid token with the given changes */
async function forge({ header = {}, payload = {}, key = first, secret }: Forgery): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const body = { iss: ISSUER, aud: 'atrium:access', jti: tid, iat: now, exp: now + 900, ...claims, ...payload };
  return await new SignJWT(body)
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'first', ...header })
    .sign(secret === undefined ? { ...key } : new TextEncoder().encode(secret));
}

test('a forged token without changes is accepted, so the others are refused because of their changes', async () => {
  expect(await (await tokensOf(first)).verify(await forge({}))).toMatchObject(claims);
});

test.each<[string, Forgery]>([
  ['another type', { header: { typ: 'JWT' } }],
  ['no type', { header: { typ: undefined } }],
  ['another audience', { payload: { aud: 'atrium:invite' } }],
  ['another issuer', { payload: { iss: 'https://evil.example.com' } }],
  ['a key id that is not ours', { header: { kid: 'third' } }],
  ["another key's id", { header: { kid: 'second' } }],
  ['no end', { payload: { exp: undefined } }],
  ['no beginning', { payload: { iat: undefined } }],
  ['an end that is past', { payload: { exp: 1_700_000_000 } }],
  ['a beginning to come', { payload: { nbf: 4_000_000_000 } }],
  ['a subject that is no id', { payload: { sub: 'admin' } }],
  ['no session', { payload: { sid: undefined } }],
  ['a tenant that is no id', { payload: { tid: 'acme' } }],
  ['no id of its own', { payload: { jti: undefined } }],
  ['an actor that is no id', { payload: { act: { sub: 'root' } } }],
  ['an actor without an id', { payload: { act: {} } }],
])('refuses a token with %s', async (_, forgery) => {
  const tokens = await tokensOf(first, second);
  await expect(tokens.verify(await forge(forgery))).rejects.toMatchObject(refused);
});

test('refuses a token that a stranger signed, though it brings its own key', async () => {
  const stranger = await makeKey('first');
  const { d: _, ...jwk } = stranger;
  const tokens = await tokensOf(first);
  const headers = [{}, { jwk }, { jku: 'https://evil.example.com/jwks.json' }, { x5u: 'https://evil.example.com' }];
  for (const header of headers) {
    await expect(tokens.verify(await forge({ key: stranger, header }))).rejects.toMatchObject(refused);
  }
});

test('refuses a token signed by the public key as if it were a secret', async () => {
  const tokens = await tokensOf(first);
  for (const secret of [first.x.padEnd(32), JSON.stringify(tokens.jwks.keys[0])]) {
    const token = await forge({ secret, header: { alg: 'HS256' } });
    await expect(tokens.verify(token)).rejects.toMatchObject(refused);
  }
});

test('refuses a token that is unsigned, cut, changed or malformed', async () => {
  const tokens = await tokensOf(first);
  const good = await tokens.sign(claims);
  const [head = '', body = '', signature = ''] = good.split('.');
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const unsigned = encode({ alg: 'none', typ: 'at+jwt', kid: 'first' });
  const otherBody = encode({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), sub: tid });
  for (const token of [
    `${unsigned}.${body}.`,
    `${unsigned}.${body}.${signature}`,
    `${head}.${body}.`,
    `${head}.${body}`,
    `${head}.${otherBody}.${signature}`,
    `${head}.${body}.${signature.slice(0, -4)}`,
    `${good}.x`,
    `Bearer ${good}`,
    good.padEnd(5_000, 'x'),
    '',
    '..',
    'atr_something',
  ]) {
    await expect(tokens.verify(token)).rejects.toMatchObject(refused);
  }
});
