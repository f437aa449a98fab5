import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, type Tokens } from '../client/index.ts';
import { waitFor } from '../dev/wait.ts';

const PASSWORD = 'quiet-otter-paints-seven-lanterns';
const WAIT_MS = 30_000;

/** A user with a ready tenant of their own and a project in it. */
export interface Founder {
  slug: string;
  accessToken: string;
  projectId: string;
}

/** @returns the body of a sign-up, with a new address and slug each time */
export function signUp() {
  const mark = randomBytes(5).toString('hex');
  return {
    email: `ada-${mark}@example.com`,
    password: PASSWORD,
    fullName: 'Ada Lovelace',
    tenantName: 'Acme',
    tenantSlug: `acme-${mark}`,
  };
}

/** Registers a user, verifies the address, logs in, waits until the tenant is ready, and creates a project. */
export async function found(url: string, mailDir: string): Promise<Founder> {
  const wish = signUp();
  const anyone = createClient({ url });
  await anyone.auth.register.mutate(wish);
  const token = await waitFor(() => mailedToken(mailDir, wish.email), { what: 'The mail', timeoutMs: WAIT_MS });
  await anyone.auth.verifyEmail.mutate({ token });

  let tokens: Tokens | undefined;
  const client = createClient({
    url,
    tenantSlug: wish.tenantSlug,
    onTokens: (pair) => {
      tokens = pair;
    },
  });
  await client.auth.login.mutate({ email: wish.email, password: PASSWORD });
  const ready = async (): Promise<true | undefined> =>
    (await client.tenants.status.query({ slug: wish.tenantSlug })).status === 'ready' || undefined;
  await waitFor(ready, { what: 'The tenant', timeoutMs: WAIT_MS });
  const project = await client.projects.create.mutate({ name: 'Apollo', description: 'To the moon and back' });
  if (!tokens) throw new Error('A login gave no tokens');
  return { slug: wish.tenantSlug, accessToken: tokens.accessToken, projectId: project.id };
}

async function mailedToken(mailDir: string, email: string): Promise<string | undefined> {
  for (const name of await readdir(mailDir)) {
    const mail = await readFile(join(mailDir, name), 'utf8');
    if (!mail.includes(email)) continue;
    // Quoted-printable breaks long lines and encodes "=" as "=3D".
    const text = mail.replaceAll(/=\r?\n/g, '').replaceAll('=3D', '=');
    return /\?token=(\S+)/.exec(text)?.[1];
  }
  return undefined;
}
