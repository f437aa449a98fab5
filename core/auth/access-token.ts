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
/** A token is some 400 bytes long; far more is not one of ours, and not worth a signature check. */
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
 * Who holds the token: user `sub` in session `sid`, scoped to tenant `tid` or, without one, to the lobby. With `act`
 * (RFC 8693) it is operator `act.sub` who acts as that user, and `sid` is the assumed identity's id.
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
  /** @throws AppError `UNAUTHENTICATED` for anything but a live access token of ours */
  verify(token: string): Promise<AccessClaims>;
  /** The public keys, as served at `/.well-known/jwks.json`. */
  readonly jwks: { keys: JWK[] };
}

/**
 * Access tokens as Ed25519 JWTs (RFC 9068, RFC 8037): the first key signs, all verify.
 * The algorithm is pinned and keys come from `keys` alone, never from a token's header.
 * @param options.issuer goes into `iss`; a token of another issuer is refused
 * @throws Error when a key can't be imported
 */
export async function createAccessTokens(options: {
  keys: readonly [SigningKey, ...SigningKey[]];
  issuer: string;
}): Promise<AccessTokens> {
  const [first] = options.keys;
  const signingKey = await importJWK(first, 'EdDSA');
  const jwks = { keys: options.keys.map(publicPart) };
  const keySet = createLocalJWKSet(jwks);
  // A signature check takes 71 µs and tokens come again and again. The session behind a token is checked in the
  // database on every request, so what is remembered here is only that the signature was good.
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

/** One answer for every bad token: which check failed is nobody's business. */
export function unauthenticated(): AppError {
  return new AppError(
    'UNAUTHENTICATED',
    'The access token is missing or not valid. Log in or refresh, and send it as "Authorization: Bearer <token>".',
  );
}

function publicPart({ kty, crv, x, kid }: SigningKey): JWK {
  return { kty, crv, x, kid, alg: 'EdDSA', use: 'sig' };
}
