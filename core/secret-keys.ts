import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** Secrets for HMAC and key derivation. The current one signs, and all verify, so a key can be rotated without downtime. */
export interface SecretKeys {
  readonly current: Uint8Array;
  readonly all: readonly Uint8Array[];
}

/** HMAC-SHA-256 over the parts, each after its length in bytes, so that different lists of parts have different inputs. */
export function mac(key: Uint8Array, parts: readonly string[]): Buffer {
  const hmac = createHmac('sha256', key);
  for (const part of parts) hmac.update(`${Buffer.byteLength(part)}:${part}`);
  return hmac.digest();
}

export function macMatches(keys: SecretKeys, parts: readonly string[], given: Uint8Array): boolean {
  return keys.all.some((key) => {
    const expected = mac(key, parts);
    return expected.length === given.length && timingSafeEqual(expected, given);
  });
}

/** Derives a 256-bit key for one purpose (HKDF-SHA-256, RFC 5869), so that no two uses of a secret share a key. */
export function deriveKey(secret: Uint8Array, salt: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, purpose, 32));
}
