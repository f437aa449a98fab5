import { createHash } from 'node:crypto';
import { createLocalJWKSet, importJWK, jwtVerify, SignJWT, type JWK } from 'jose';
import { LRUCache } from 'lru-cache';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { idSchema } from '../id.ts';

/** Lifetime of an access token, in seconds. */
export const ACCESS_TOKEN_SECONDS = 900;
const TYPE = 'at+jwt';
const AUDIENCE = 'atrium:access';
/** In characters. Atrium's tokens have about 400, so a much longer one is refused without a signature check. */
const MAX_TOKEN_LENGTH = 4096;

const claimsSchema = z.object({
  sub: idSchema,
  sid: idSchema,
  tid: idSchema.optional(),
  jti: idSchema,
  exp: z.number(),
  act: z.object({ sub: idSchema }).optional(),
});

/**
 * The token belongs to user `sub` in session `sid`. It is for tenant `tid` or, without one, for the lobby. With `act`
 * (RFC 8693), operator `act.sub` acts as that user, and `sid` is the id of the assumed identity.
 */
export type AccessClaims = z.infer<typeof claimsSchema>;

/** A private Ed25519 key as a JWK (RFC 8037). */
export interface SigningKey {
  kty: 'OKP';
  crv: 'Ed25519';
  x: string;
  d: string;
  kid: string;
}

export interface AccessTokens {
  /** Signs a token for {@link ACCESS_TOKEN_SECONDS}. */
  sign(claims: Pick<AccessClaims, 'sub' | 'sid' | 'tid' | 'act'>): Promise<string>;
  /** @throws AppError `UNAUTHENTICATED` if the token is not valid or has expired */
  verify(token: string): Promise<AccessClaims>;
  /** The public keys, as served at `/.well-known/jwks.json`. */
  readonly jwks: { keys: JWK[] };
}

/**
 * Signs and verifies access tokens as Ed25519 JWTs (RFC 9068, RFC 8037). The first key signs, and all keys verify. The
 * algorithm is fixed, and a key in a token's header is ignored.
 * @param options.issuer the value of `iss`; a token of another issuer is refused
 * @throws Error if a key can't be imported
 */
export async function createAccessTokens(options: {
  keys: readonly [SigningKey, ...SigningKey[]];
  issuer: string;
}): Promise<AccessTokens> {
  const [first] = options.keys;
  const signingKey = await importJWK(first, 'EdDSA');
  const jwks = { keys: options.keys.map(publicPart) };
  const keySet = createLocalJWKSet(jwks);
  // A signature check takes 71 µs, and the same token comes with many requests. Only the result of that check is cached:
  // every request checks the session in the database.
  const verified = new LRUCache<string, AccessClaims>({ max: 10_000 });

  return {
    jwks,
    sign: ({ sub, sid, tid, act }) =>
      new SignJWT({ sid, ...(tid !== undefined && { tid }), ...(act && { act }) })
        .setProtectedHeader({ alg: 'EdDSA', typ: TYPE, kid: first.kid })
        .setIssuer(options.issuer)
        .setAudience(AUDIENCE)
        .setSubject(sub)
        .setJti(uuidv7())
        .setIssuedAt()
        .setExpirationTime(`${ACCESS_TOKEN_SECONDS}s`)
        .sign(signingKey),

    async verify(token) {
      if (token.length > MAX_TOKEN_LENGTH) throw unauthenticated();
      const key = createHash('sha256').update(token).digest('base64');
      const known = verified.get(key);
      if (known) {
        if (known.exp * 1000 > Date.now()) return known;
        throw unauthenticated();
      }
      const claims = await jwtVerify(token, keySet, {
        algorithms: ['EdDSA'],
        issuer: options.issuer,
        audience: AUDIENCE,
        typ: TYPE,
        requiredClaims: ['iat', 'exp'],
      }).then(
        ({ payload }) => claimsSchema.safeParse(payload).data,
        () => undefined,
      );
      if (!claims) throw unauthenticated();
      verified.set(key, claims);
      return claims;
    },
  };
}

/** One error for all failed checks, so that a caller does not learn which one failed. */
export function unauthenticated(): AppError {
  return new AppError(
    'UNAUTHENTICATED',
    'The access token is missing or not valid. Log in or refresh, and send it as "Authorization: Bearer <token>".',
  );
}

function publicPart({ kty, crv, x, kid }: SigningKey): JWK {
  return { kty, crv, x, kid, alg: 'EdDSA', use: 'sig' };
}
