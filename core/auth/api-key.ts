import { createHash, randomBytes } from 'node:crypto';

/** What every key begins with, so that a leaked one is known for what it is. */
const MARK = 'atr_';
/** Characters that stay visible, the mark included; the others hold 208 bits. */
const PREFIX_LENGTH = 12;
const KEY = /^atr_[A-Za-z0-9_-]{43}$/;

/** A new key, `atr_` and 256 random bits in base64url, with the part of it that may be shown later. */
export function mintApiKey(): { key: string; prefix: string } {
  const key = `${MARK}${randomBytes(32).toString('base64url')}`;
  return { key, prefix: key.slice(0, PREFIX_LENGTH) };
}

/** Its SHA-256, the only form that is stored: a random key leaves nothing to guess, so no slow hash is needed. */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Whether a bearer is written as an API key, and not as a JWT. Says nothing of its validity. */
export function isApiKey(bearer: string): boolean {
  return KEY.test(bearer);
}
