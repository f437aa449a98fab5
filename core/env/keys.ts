import { createPrivateKey, createPublicKey } from 'node:crypto';
import { z } from 'zod';
import type { SigningKey } from '../auth/access-token.ts';
import type { SecretKeys } from '../secret-keys.ts';

/** The minimum length of a secret, in bytes: the output length of HMAC-SHA-256 (RFC 2104, 3). */
const SECRET_BYTES = 32;
/**
 * The minimum number of different bytes in a secret, and of different steps between adjacent bytes. 32 random bytes have
 * about 30 different bytes and 29 different steps.
 */
const MIN_DIFFERENT = 12;

/** A JWKS of private Ed25519 keys (RFC 8037). The first key signs, and all keys verify. */
export function jwtKeys() {
  const jwk = z
    .object({
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      x: z.string(),
      d: z.string(),
      kid: z.string().trim().min(1),
      alg: z.enum(['EdDSA', 'Ed25519']).optional(),
      use: z.literal('sig').optional(),
      key_ops: z
        .array(z.string())
        .refine((names) => names.includes('sign'))
        .optional(),
    })
    .loose();
  return z
    .string({ error: 'is missing. `bun run dev` makes one; in production set a private JWKS of Ed25519 keys' })
    .transform((text, context): [SigningKey, ...SigningKey[]] => {
      const parsed = z.object({ keys: z.tuple([jwk], jwk) }).safeParse(parseJson(text));
      if (!parsed.success) {
        context.addIssue('must be a JWKS of private Ed25519 keys for signatures, each with kty, crv, x, d and kid');
        return z.NEVER;
      }
      const { keys } = parsed.data;
      if (new Set(keys.map(({ kid }) => kid)).size < keys.length) {
        context.addIssue('has two keys with the same kid');
        return z.NEVER;
      }
      if (!keys.every(isKeyPair)) {
        context.addIssue('has a key whose x is not the public key of its d');
        return z.NEVER;
      }
      if (!keys.every(({ d }) => mayBeRandom(Buffer.from(d, 'base64url')))) {
        context.addIssue('has a key that is not random; generate new keys with `bun run keys FOLDER`');
        return z.NEVER;
      }
      return keys;
    });
}

/** Whether `x` is the public key of `d`. Otherwise nobody could verify the signatures. */
function isKeyPair({ kty, crv, x, d }: SigningKey): boolean {
  try {
    const key = createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' });
    return createPublicKey(key).export({ format: 'jwk' }).x === x;
  } catch {
    return false;
  }
}

/** Comma-separated secrets in base64 (RFC 4648, 4). The first one is used, and all of them verify. */
export function secretKeys() {
  return z
    .string({ error: 'is missing. `bun run dev` makes one; in production set the output of `openssl rand -base64 32`' })
    .transform((text, context): SecretKeys => {
      const [current, ...older] = text.split(',').map((part) => decode(part.trim()));
      const all = [current, ...older].filter((key) => key !== undefined);
      if (!current || all.length <= older.length || all.some((key) => key.length < SECRET_BYTES)) {
        context.addIssue(
          'must be comma-separated keys of 32 bytes or more in standard base64 with padding, as printed by `openssl rand -base64 32`',
        );
        return z.NEVER;
      }
      if (!all.every(mayBeRandom)) {
        context.addIssue('has a key that is not random; generate one with `openssl rand -base64 32`');
        return z.NEVER;
      }
      return { current, all };
    });
}

/** Buffer ignores characters that are not base64, so without this check a damaged key would become a shorter one. */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** Whether bytes may be random. They are not if few of them differ, if they count up or down, or if they repeat. */
function mayBeRandom(bytes: Uint8Array): boolean {
  const steps = bytes.slice(1).map((byte, index) => byte - (bytes[index] ?? 0));
  return new Set(bytes).size >= MIN_DIFFERENT && new Set(steps).size >= MIN_DIFFERENT && !repeats(bytes);
}

function repeats(bytes: Uint8Array): boolean {
  const half = Math.floor(bytes.length / 2);
  return Array.from({ length: half }, (_, index) => index + 1).some((period) =>
    bytes.every((byte, index) => index < period || byte === bytes[index - period]),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
