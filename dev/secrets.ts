import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { z } from 'zod';
import { StackError } from './error.ts';
import { writePrivate } from './private-file.ts';

const secretsSchema = z.object({
  postgresPassword: z.string().min(1),
  ownerPassword: z.string().min(1),
  appPassword: z.string().min(1),
  superuserPassword: z.string().min(1),
  /** The value of JWT_KEYS: a private JWKS, as text. */
  jwtKeys: z.string().min(1),
  /** The value of SECRET_KEY: 32 bytes in base64. */
  secretKey: z.string().min(1),
});

/** The secrets of a clone's stack. */
export type Secrets = z.infer<typeof secretsSchema>;

const password = () => randomBytes(18).toString('base64url');

async function makeJwks(): Promise<string> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return JSON.stringify({ keys: [{ ...jwk, kid, alg: 'EdDSA', use: 'sig' }] });
}

/**
 * Reads the secrets of a data directory, or creates them the first time. They stay the same until the directory is
 * reset, so tokens and database passwords survive a restart.
 * @throws StackError if the file exists but cannot be read: new secrets would not fit the existing database.
 */
export async function loadSecrets(dataDir: string): Promise<Secrets> {
  const path = join(dataDir, 'secrets.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text !== undefined) {
    try {
      return secretsSchema.parse(JSON.parse(text));
    } catch {
      throw new StackError(
        `${path} is not valid; run \`bun run dev --reset\` to make a new one, which also deletes the database`,
      );
    }
  }
  const secrets = {
    postgresPassword: password(),
    ownerPassword: password(),
    appPassword: password(),
    superuserPassword: password(),
    jwtKeys: await makeJwks(),
    secretKey: randomBytes(32).toString('base64'),
  } satisfies Secrets;
  await writePrivate(path, `${JSON.stringify(secrets, null, 2)}\n`);
  return secrets;
}
