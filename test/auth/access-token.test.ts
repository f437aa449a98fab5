import { createPrivateKey, createPublicKey } from 'node:crypto';
import {
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  SignJWT,
  type JWTHeaderParameters,
  type JWTPayload,
} from 'jose';
import { beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { callOn, MOUNTS } from '../support/mounts.ts';
import { signUpTenant, type Founder } from '../support/people.ts';
import { at, reasonOf } from '../support/rest.ts';

const place = inject('stack');
const key = z
  .object({
    keys: z.tuple([
      z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string(), kid: z.string() }),
    ]),
  })
  .parse(JSON.parse(place.env['JWT_KEYS'] ?? '')).keys[0];
const ours = await importJWK(key, 'EdDSA');
const publicKey = createPublicKey(createPrivateKey({ key, format: 'jwk' }));
const stranger = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });

let founder: Founder;
/** The decoded parts of a token from the server. */
let header: JWTHeaderParameters;
let payload: JWTPayload;

beforeAll(async () => {
  founder = await signUpTenant(place);
  const token = founder.tokens().accessToken;
  header = { alg: '', ...decodeProtectedHeader(token) };
  payload = decodeJwt(token);
});

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = (): number => Math.floor(Date.now() / 1000);

/** @returns the server's token with changes, signed again */
const forge = (change: { header?: object; payload?: object }, by: Parameters<SignJWT['sign']>[0] = ours) =>
  new SignJWT({ ...payload, ...change.payload }).setProtectedHeader({ ...header, ...change.header }).sign(by);

const CASES: { what: string; token: () => string | Promise<string> }[] = [
  { what: 'no signature: alg none', token: () => `${encode({ ...header, alg: 'none' })}.${encode(payload)}.` },
  { what: 'no signature: alg None', token: () => `${encode({ ...header, alg: 'None' })}.${encode(payload)}.` },
  { what: 'its signature cut off', token: () => founder.tokens().accessToken.replace(/[^.]+$/, '') },
  {
    what: 'HS256 with the public key as the secret',
    token: async () => forge({ header: { alg: 'HS256' } }, Buffer.from(key.x, 'base64url')),
  },
  {
    what: 'HS256 with the public key in PEM as the secret',
    token: async () => forge({ header: { alg: 'HS256' } }, Buffer.from(await exportSPKI(publicKey))),
  },
  { what: "a stranger's key under our kid", token: () => forge({}, stranger.privateKey) },
  { what: 'an unknown kid', token: () => forge({ header: { kid: 'unknown' } }) },
  {
    what: "a stranger's key that the header brings along (jwk)",
    token: async () =>
      forge({ header: { jwk: await exportJWK(stranger.publicKey), kid: undefined } }, stranger.privateKey),
  },
  {
    what: 'a place to fetch the key from (jku)',
    token: () => forge({ header: { jku: `${place.url}/evil.json` } }, stranger.privateKey),
  },
  {
    what: 'a header that must be understood (crit)',
    token: () => `${encode({ ...header, crit: ['x'], x: 1 })}.${encode(payload)}.AAAA`,
  },
  { what: 'typ JWT', token: () => forge({ header: { typ: 'JWT' } }) },
  { what: 'no typ', token: () => forge({ header: { typ: undefined } }) },
  { what: 'the typ of another kind of token', token: () => forge({ header: { typ: 'assumed+jwt' } }) },
  { what: 'another audience', token: () => forge({ payload: { aud: 'atrium:other' } }) },
  { what: 'no audience', token: () => forge({ payload: { aud: undefined } }) },
  { what: 'another issuer', token: () => forge({ payload: { iss: 'https://evil.example' } }) },
  { what: 'no issuer', token: () => forge({ payload: { iss: undefined } }) },
  { what: 'an expiry in the past', token: () => forge({ payload: { exp: now() - 1 } }) },
  { what: 'no expiry', token: () => forge({ payload: { exp: undefined } }) },
  { what: 'a beginning in the future', token: () => forge({ payload: { nbf: now() + 600 } }) },
  { what: 'no session', token: () => forge({ payload: { sid: undefined } }) },
  { what: 'a session that is not there', token: () => forge({ payload: { sid: crypto.randomUUID() } }) },
  { what: 'another user than the session has', token: () => forge({ payload: { sub: crypto.randomUUID() } }) },
  { what: 'a subject that is no id', token: () => forge({ payload: { sub: "' or true --" } }) },
  { what: 'an actor that is no id', token: () => forge({ payload: { act: { sub: 'root' } } }) },
  { what: 'an actor without an id', token: () => forge({ payload: { act: {} } }) },
  {
    what: 'claims changed after it was signed',
    token: () =>
      founder.tokens().accessToken.replace(/\.[^.]+\./, `.${encode({ ...payload, tid: crypto.randomUUID() })}.`),
  },
  { what: 'far too many characters', token: () => forge({ payload: { padding: 'x'.repeat(5_000) } }) },
  { what: 'the refresh token in place of it', token: () => founder.tokens().refreshToken },
];

for (const { what, token } of CASES) {
  test(`refuses a token with ${what}`, async () => {
    const call = { token: await token(), tenant: founder.slug };
    for (const mount of MOUNTS) {
      for (const procedure of ['users.me', 'projects.list'] as const) {
        const answer = await callOn(mount, place.url, procedure, call);
        expect([answer.status, reasonOf(answer)]).toEqual([401, 'UNAUTHENTICATED']);
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
      }
    }
  });
}

test('accepts the unchanged token signed again, so the refusals above are caused by the changes', async () => {
  const answer = await callOn('REST', place.url, 'users.me', {
    token: await forge({ payload: { jti: crypto.randomUUID() } }),
  });
  expect(answer.status).toBe(200);
});

test('a valid token is refused once it has expired', async () => {
  const token = await forge({ payload: { exp: now() + 6 } });
  expect((await callOn('REST', place.url, 'users.me', { token })).status).toBe(200);
  await expect
    .poll(async () => reasonOf(await callOn('REST', place.url, 'users.me', { token })), { timeout: 20_000 })
    .toBe('UNAUTHENTICATED');
});

test('a validly signed token for another tenant is refused without a membership there', async () => {
  const other = await signUpTenant(place);
  const token = await forge({ payload: { tid: other.tenantId } });
  const answer = await callOn('REST', place.url, 'projects.list', { token, tenant: other.slug });
  expect([answer.status, reasonOf(answer)]).toEqual([404, 'TENANT_NOT_FOUND']);
});

test.each(['Basic', 'bearer-token', 'Token', ''])(
  'refuses an access token sent under the authorization scheme %j',
  async (scheme) => {
    const headers = { authorization: `${scheme} ${founder.tokens().accessToken}` };
    expect(reasonOf(await callOn('REST', place.url, 'users.me', { headers }))).toBe('UNAUTHENTICATED');
  },
);

test('an access token in the URL or in a cookie is ignored', async () => {
  const token = founder.tokens().accessToken;
  const inUrl = await fetch(`${place.url}/api/v1/users/me?access_token=${token}&token=${token}`);
  const inCookie = await callOn('REST', place.url, 'users.me', { headers: { cookie: `accessToken=${token}` } });
  expect([inUrl.status, inCookie.status]).toEqual([401, 401]);
});

test('the published keys can verify our tokens and cannot sign any', async () => {
  const response = await fetch(`${place.url}/.well-known/jwks.json`);
  const body: unknown = await response.json();
  expect(body).toEqual({ keys: [{ kty: 'OKP', crv: 'Ed25519', x: key.x, kid: key.kid, alg: 'EdDSA', use: 'sig' }] });
  expect(at(header, 'kid')).toBe(key.kid);
  expect(header).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt' });
  expect(Object.keys(payload).toSorted()).toEqual(['aud', 'exp', 'iat', 'iss', 'jti', 'sid', 'sub', 'tid']);
});
