import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { deriveKey, mac, macMatches, type SecretKeys } from '../../core/secret-keys.ts';
import { mintMailedToken, idOfMailedToken, mailedTokenMatches } from '../../core/auth/mailed-token.ts';
import {
  hashRefreshToken,
  isRefreshToken,
  mintRefreshToken,
  openSuccessor,
  sealSuccessor,
} from '../../core/auth/refresh-token.ts';

const keysOf = (...all: [Uint8Array, ...Uint8Array[]]): SecretKeys => ({ current: all[0], all });
const [oldKey, newKey, strange] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const keys = keysOf(oldKey);
const subject = { kind: 'verify-email', id: '0190f7c2-0000-7000-8000-00000000000a', email: 'ada@example.com' } as const;
const token = mintMailedToken(keys, subject);

test('no two lists of parts have the same MAC', () => {
  const lists = [['ab', 'c'], ['a', 'bc'], ['abc'], ['abc', ''], ['', 'abc'], ['1:a'], ['1:', 'a'], ['é'], ['e\u0301']];
  expect(new Set(lists.map((parts) => mac(oldKey, parts).toString('hex'))).size).toBe(lists.length);
});

test('a MAC verifies with any configured key, and a MAC of another length never verifies', () => {
  const code = mac(oldKey, ['a']);
  expect(macMatches(keysOf(newKey, oldKey), ['a'], code)).toBe(true);
  expect(macMatches(keysOf(newKey, strange), ['a'], code)).toBe(false);
  expect(macMatches(keys, ['a'], code.subarray(0, 31))).toBe(false);
  expect(macMatches(keys, ['a'], new Uint8Array())).toBe(false);
});

test('keys that are derived for different purposes differ', () => {
  const salt = randomBytes(16);
  const key = deriveKey(oldKey, salt, 'one');
  expect(key.length).toBe(32);
  expect(deriveKey(oldKey, salt, 'one')).toEqual(key);
  for (const other of [
    deriveKey(oldKey, salt, 'two'),
    deriveKey(oldKey, randomBytes(16), 'one'),
    deriveKey(newKey, salt, 'one'),
  ]) {
    expect(other).not.toEqual(key);
  }
});

test('a mailed token verifies for its kind, row and address only', () => {
  expect(mailedTokenMatches(keys, token, subject)).toBe(true);
  expect(idOfMailedToken(token)).toBe(subject.id);
  const other = '0190f7c2-0000-7000-8000-00000000000b';
  for (const wrong of [
    { ...subject, kind: 'invite' as const },
    { ...subject, kind: 'reset-password' as const },
    { ...subject, id: other },
    { ...subject, email: 'eve@example.com' },
    { ...subject, email: 'Ada@example.com' },
  ]) {
    expect(mailedTokenMatches(keys, token, wrong)).toBe(false);
  }
  expect(mailedTokenMatches(keys, token.replace(subject.id, other), { ...subject, id: other })).toBe(false);
});

test('a mailed token has one valid spelling, apart from the letter case of its id', () => {
  const [id = '', code = ''] = token.split('.');
  // The last of 43 characters has two unused bits, so three other characters decode to the same bytes.
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(code.at(-1) ?? '');
  const twins = [1, 2, 3].map((bits) => `${id}.${code.slice(0, -1)}${alphabet.charAt(last ^ bits)}`);
  for (const spelled of [
    ...twins,
    `${token}=`,
    `${token}A`,
    ` ${token}`,
    `${token}\n`,
    `${id}.${code.replaceAll('-', '+').replaceAll('_', '/')}=`,
    `${id}.`,
    id,
    `.${code}`,
    '',
    '.',
  ]) {
    expect(mailedTokenMatches(keys, spelled, subject), spelled).toBe(false);
  }
  expect(mailedTokenMatches(keys, `${id.toUpperCase()}.${code}`, subject)).toBe(true);
});

test.each(['', '.', 'abc', 'abc.def', '0190f7c2', token.slice(1)])('the mailed token %j is refused', (text) => {
  expect(idOfMailedToken(text)).toBeUndefined();
});

test('after a rotation the old key still verifies mailed tokens, until it is taken away', () => {
  expect(mailedTokenMatches(keysOf(newKey, oldKey), token, subject)).toBe(true);
  expect(mintMailedToken(keysOf(newKey, oldKey), subject)).toBe(mintMailedToken(keysOf(newKey), subject));
  expect(mailedTokenMatches(keysOf(newKey), token, subject)).toBe(false);
});

test('a refresh token is 256 random bits, and only its hash is kept', () => {
  const tokens = Array.from({ length: 100 }, mintRefreshToken);
  expect(new Set(tokens).size).toBe(100);
  for (const one of tokens) expect(Buffer.from(one, 'base64url')).toHaveLength(32);
  expect(tokens.every(isRefreshToken)).toBe(true);
  expect(hashRefreshToken('a').toString('hex')).toBe(
    'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
  );
  for (const text of [
    '',
    'a',
    `${mintRefreshToken()}a`,
    `${mintRefreshToken()}\n`,
    mintRefreshToken().replace(/.$/, '+'),
  ]) {
    expect(isRefreshToken(text)).toBe(false);
  }
});

test('a sealed successor can be opened only with its parent token and a configured key', () => {
  const [parent, successor] = [mintRefreshToken(), mintRefreshToken()];
  const sealed = sealSuccessor(keys, parent, successor);
  expect(openSuccessor(keys, parent, sealed)).toBe(successor);
  expect(openSuccessor(keysOf(newKey, oldKey), parent, sealed)).toBe(successor);
  expect(openSuccessor(keysOf(newKey), parent, sealed)).toBeUndefined();
  expect(openSuccessor(keys, mintRefreshToken(), sealed)).toBeUndefined();
  expect(sealed.includes(successor)).toBe(false);
  expect(sealSuccessor(keys, parent, successor)).not.toEqual(sealed);
  for (let index = 0; index < sealed.length; index += 1) {
    const tampered = Buffer.from(sealed);
    tampered.writeUInt8(tampered.readUInt8(index) ^ 1, index);
    expect(openSuccessor(keys, parent, tampered)).toBeUndefined();
  }
});

test.each([0, 11, 12, 20, 27, 28])('%i bytes are refused as a sealed successor', (length) => {
  expect(openSuccessor(keys, mintRefreshToken(), randomBytes(length))).toBeUndefined();
});
