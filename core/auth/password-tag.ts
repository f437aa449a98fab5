import { mac, type SecretKeys } from '../secret-keys.ts';

/**
 * Eight bits of a keyed digest of address and password. Several people may sign up with one address, each with a password of
 * their own. A login hashes the password for one sign-up only, and the tag selects it. An attacker who has `SECRET_KEY` and
 * the tag needs 256 times fewer guesses for the password of that unverified sign-up.
 * @returns the tag for each key, the current key first
 */
export function passwordTags(keys: SecretKeys, email: string, password: string): number[] {
  return [keys.current, ...keys.all].map((key) => mac(key, ['password-tag', email, password]).readUInt8(0));
}
