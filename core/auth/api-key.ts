import { createHash, randomBytes } from 'node:crypto';

/** The prefix of every key. Secret scanners recognize a leaked key by it. */
const MARK = 'atr_';
/** The number of characters that stay visible, with the mark. The other characters hold 208 bits. */
const PREFIX_LENGTH = 12;
const KEY = /^atr_[A-Za-z0-9_-]{43}$/;

/** Makes a key: `atr_` and 256 random bits in base64url. `prefix` is the part that may be shown later. */
export function mintApiKey(): { key: string; prefix: string } {
  const key = `${MARK}${randomBytes(32).toString('base64url')}`;
  return { key, prefix: key.slice(0, PREFIX_LENGTH) };
}

/** The SHA-256 of a key, which is all that is stored. A random key can't be guessed, so it needs no slow hash. */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Whether a bearer token has the format of an API key. Does not check that the key is valid. */
export function isApiKey(bearer: string): boolean {
  return KEY.test(bearer);
}
