import { randomBytes } from 'node:crypto';
import { createClient, type AtriumClient, type Tokens } from '../../client/index.ts';
import { nextMail, tokenIn } from './mail.ts';
import { waitFor } from './wait.ts';

/** The password of all test users; zxcvbn accepts it. */
export const PASSWORD = 'quiet-otter-paints-seven-lanterns';

/** @returns a slug that no other test uses */
export function freshSlug(prefix = 'acme'): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`;
}

export function freshEmail(name = 'ada'): string {
  return `${name}-${randomBytes(5).toString('hex')}@example.com`;
}

/** A user who founded a tenant, is its admin and is logged in to it. The tenant is ready. */
export interface Founder {
  slug: string;
  email: string;
  password: string;
  userId: string;
  tenantId: string;
  client: AtriumClient;
  /** @returns the current pair of tokens of the client */
  tokens(): Tokens;
}

interface Place {
  url: string;
  mailDir: string;
}

/** Registers a user, verifies the address with the mailed link, logs in and waits until the tenant is ready. */
export async function signUpTenant(
  place: Place,
  wish: { slug?: string; email?: string; fullName?: string; tenantName?: string } = {},
): Promise<Founder> {
  const { slug = freshSlug(), email = freshEmail(), fullName = 'Ada Lovelace', tenantName = 'Acme' } = wish;
  const anyone = createClient({ url: place.url });
  await anyone.auth.register.mutate({ email, password: PASSWORD, fullName, tenantName, tenantSlug: slug });
  await anyone.auth.verifyEmail.mutate({ token: tokenIn(await nextMail(place.mailDir, email)) });

  const { client, tokens, login } = await logIn(place, { email, slug });
  await waitFor(`tenant ${slug} to be ready`, async () => {
    const { status } = await client.tenants.status.query({ slug });
    if (status === 'failed') throw new Error(`Tenant ${slug} failed`);
    return status === 'ready';
  });
  if (login.tenant === null) throw new Error('A login with a tenant gave a lobby token');
  return { slug, email, password: PASSWORD, userId: login.user.id, tenantId: login.tenant.id, client, tokens };
}

/** Logs in with a new client, to the tenant `slug` or without one to the lobby. */
export async function logIn(place: Pick<Place, 'url'>, who: { email: string; slug?: string; password?: string }) {
  let held: Tokens | undefined;
  const client = createClient({
    url: place.url,
    ...(who.slug !== undefined && { tenantSlug: who.slug }),
    onTokens: (tokens) => {
      held = tokens;
    },
  });
  const login = await client.auth.login.mutate({ email: who.email, password: who.password ?? PASSWORD });
  return {
    client,
    login,
    tokens: (): Tokens => {
      if (!held) throw new Error('Nobody is logged in');
      return held;
    },
  };
}
