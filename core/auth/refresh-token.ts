import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { deriveKey, type SecretKeys } from '../secret-keys.ts';

/** How long a refresh token lives unused, and a session in all, in days; and its grace after first use, in seconds. */
export const REFRESH_TOKEN = { idleDays: 30, sessionDays: 90, graceSeconds: 10 } as const;

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** A new opaque token: 256 random bits in base64url, 43 characters. */
export function mintRefreshToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Its SHA-256, the only form that is stored: the token's 256 bits leave nothing to guess, so no slow hash is needed. */
export function hashRefreshToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

export function isRefreshToken(token: string): boolean {
  return TOKEN.test(token);
}

/**
 * Encrypts a token's successor under a key that only the holder of the parent and of `SECRET_KEY` can derive
 * (AES-256-GCM: 12 bytes nonce, 16 bytes tag, ciphertext), so that a second tab can be given the same one.
 */
export function sealSuccessor(keys: SecretKeys, parent: string, successor: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', successorKey(keys.current, parent), nonce);
  const body = Buffer.concat([cipher.update(successor, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** The successor that {@link sealSuccessor} hid, or `undefined` if no key opens it. */
export function openSuccessor(keys: SecretKeys, parent: string, sealed: Uint8Array): string | undefined {
  const bytes = Buffer.from(sealed);
  // A cut tag would still open, and prove less.
  if (bytes.length <= 28) return undefined;
  for (const key of keys.all) {
    const decipher = createDecipheriv('aes-256-gcm', successorKey(key, parent), bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
    } catch {
      // Sealed under another of the keys.
    }
  }
  return undefined;
}

function successorKey(secret: Uint8Array, parent: string): Uint8Array {
  return deriveKey(secret, Buffer.from(parent, 'base64url'), 'atrium refresh successor');
}
