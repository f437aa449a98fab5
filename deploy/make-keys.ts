import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// `bun deploy/make-keys.ts <folder>`: writes one file for each secret that production needs. Existing files are kept.

function jwks(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'EdDSA', use: 'sig' };
  return JSON.stringify({ keys: [key] });
}

const SECRETS = {
  JWT_KEYS: jwks,
  SECRET_KEY: () => randomBytes(32).toString('base64'),
  METRICS_TOKEN: () => randomBytes(24).toString('base64url'),
};

const folder = process.argv[2];
if (folder === undefined) {
  process.stderr.write('Usage: bun deploy/make-keys.ts <folder>\n');
  process.exit(2);
}
mkdirSync(folder, { recursive: true, mode: 0o700 });
for (const [name, make] of Object.entries(SECRETS)) {
  const file = join(folder, name);
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600 });
}
