import { importJWK, SignJWT } from 'jose';
import { v7 as uuidv7 } from 'uuid';
import type { Person } from './people.ts';
import type { Stage } from './stage.ts';

/** What to write into a token in place of what belongs there. */
export interface Wrong {
  typ?: string;
  aud?: string;
  /** In seconds from now. */
  lives?: number;
  /** The operator, where the person's session is an assumed identity. */
  operatorId?: string;
}

/** Where tokens are good, and the key that signs them. */
interface Mint extends Pick<Stage, 'signingKey' | 'issuer'> {
  home: { tenantId: string };
}

/** An access token of the tenant with our own signature, wrong in this alone; with nothing wrong it is as good as any. */
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
