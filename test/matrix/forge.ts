import { importJWK, SignJWT } from 'jose';
import { v7 as uuidv7 } from 'uuid';
import type { Person } from './people.ts';
import type { Stage } from './stage.ts';

/** The wrong values to put into a token. */
export interface Wrong {
  typ?: string;
  aud?: string;
  /** When it expires, in seconds from now. */
  lives?: number;
  /** The operator, if the session is an assumed identity. */
  operatorId?: string;
}

/** The tenant, the issuer and the signing key of tokens. */
interface Mint extends Pick<Stage, 'signingKey' | 'issuer'> {
  home: { tenantId: string };
}

/** Makes a correctly signed access token with only these values wrong. With no wrong value it is valid. */
export async function forge(
  { signingKey, issuer, home }: Mint,
  person: Pick<Person, 'userId' | 'sessionId'>,
  wrong: Wrong,
): Promise<string> {
  const { typ = 'at+jwt', aud = 'atrium:access', lives = 600, operatorId } = wrong;
  const now = Math.floor(Date.now() / 1000);
  const act = operatorId === undefined ? undefined : { sub: operatorId };
  return await new SignJWT({ sid: person.sessionId, tid: home.tenantId, ...(act && { act }) })
    .setProtectedHeader({ alg: 'EdDSA', typ, kid: signingKey.kid })
    .setIssuer(issuer)
    .setAudience(aud)
    .setSubject(person.userId)
    .setJti(uuidv7())
    .setIssuedAt(now - 300)
    .setExpirationTime(now + lives)
    .sign(await importJWK(signingKey, 'EdDSA'));
}
