import { mac, type SecretKeys } from '../secret-keys.ts';

/**
 * Eight bits of a keyed digest of address and password. Anyone may sign up with an address, each with a password of their
 * own, and a login can afford to check one of these: the tag says which. It takes `SECRET_KEY` to make anything of it, and
 * then saves a guesser a factor of 256 on a sign-up that nobody has verified.
 * @returns one for each key, the current one first
 */
export function passwordTags(keys: SecretKeys, email: string, password: string): number[] {
  return [keys.current, ...keys.all].map((key) => mac(key, ['password-tag', email, password]).readUInt8(0));
}
