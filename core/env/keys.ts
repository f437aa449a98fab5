import { createPrivateKey, createPublicKey } from 'node:crypto';
import { z } from 'zod';
import type { SigningKey } from '../auth/access-token.ts';
import type { SecretKeys } from '../secret-keys.ts';

/** Of a secret, in bytes: as much as HMAC-SHA-256 puts out (RFC 2104, 3). */
const SECRET_BYTES = 32;
/** Different bytes, and different steps between neighbours, in a secret. 32 random ones have some 30 and 29. */
const VARIETY = 12;

/** Private Ed25519 keys as a JWKS (RFC 8037): the first signs, all verify. */
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
      if (!keys.every(isPair)) {
        context.addIssue('has a key whose x is not the public key of its d');
        return z.NEVER;
      }
      if (!keys.every(({ d }) => isVaried(Buffer.from(d, 'base64url')))) {
        context.addIssue('has a key that is not random; generate new keys with `bun run keys FOLDER`');
        return z.NEVER;
      }
      return keys;
    });
}

/** What is signed with `d` would be refused by whoever verifies it with another key's `x`. */
function isPair({ kty, crv, x, d }: SigningKey): boolean {
  try {
    const key = createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' });
    return createPublicKey(key).export({ format: 'jwk' }).x === x;
  } catch {
    return false;
  }
}

/** Secrets in base64 (RFC 4648, 4), comma-separated: the first is used, all verify. */
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
      if (!all.every(isVaried)) {
        context.addIssue('has a key that is not random; generate one with `openssl rand -base64 32`');
        return z.NEVER;
      }
      return { current, all };
    });
}

/** Buffer leaves out what is not base64, so a damaged key would be a shorter one. */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** Whether bytes may be random. They are not if they are few, count up or down, or repeat. */
function isVaried(bytes: Uint8Array): boolean {
  const steps = bytes.slice(1).map((byte, index) => byte - (bytes[index] ?? 0));
  return new Set(bytes).size >= VARIETY && new Set(steps).size >= VARIETY && !repeats(bytes);
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
