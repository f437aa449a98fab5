import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { deriveKey, type SecretKeys } from '../secret-keys.ts';

/**
 * `idleDays`: how long an unused refresh token is valid. `sessionDays`: how long a session lasts at most. `graceSeconds`:
 * how long after its first use a refresh token may be used again.
 */
export const REFRESH_TOKEN = { idleDays: 30, sessionDays: 90, graceSeconds: 10 } as const;

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Makes an opaque token: 256 random bits in base64url, which are 43 characters. */
export function mintRefreshToken(): string {
  return randomBytes(32).toString('base64url');
}

/** The SHA-256 of a token, which is all that is stored. 256 random bits can't be guessed, so they need no slow hash. */
export function hashRefreshToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

export function isRefreshToken(token: string): boolean {
  return TOKEN.test(token);
}

/**
 * Encrypts the successor of a refresh token, so that a second browser tab can get the same successor. The key is derived
 * from `SECRET_KEY` and the parent token, which is not stored.
 * @returns AES-256-GCM: 12 bytes of nonce, 16 bytes of tag, the ciphertext
 */
export function sealSuccessor(keys: SecretKeys, parent: string, successor: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', successorKey(keys.current, parent), nonce);
  const body = Buffer.concat([cipher.update(successor, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** Decrypts what {@link sealSuccessor} returned. @returns `undefined` if no key decrypts it */
export function openSuccessor(keys: SecretKeys, parent: string, sealed: Uint8Array): string | undefined {
  const bytes = Buffer.from(sealed);
  // Too short for a whole tag. Node would accept a shortened one, which is easier to forge.
  if (bytes.length <= 28) return undefined;
  for (const key of keys.all) {
    const decipher = createDecipheriv('aes-256-gcm', successorKey(key, parent), bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
    } catch {
      // It may have been encrypted with another key.
    }
  }
  return undefined;
}

function successorKey(secret: Uint8Array, parent: string): Uint8Array {
  return deriveKey(secret, Buffer.from(parent, 'base64url'), 'atrium refresh successor');
}
