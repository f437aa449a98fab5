import { domainToASCII } from 'node:url';
import { z } from 'zod';

/** Characters of a name that need no quotes (RFC 5321, 4.1.2; RFC 5322, 3.2.3). */
const ATEXT = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
/** Letters, digits and inner hyphens, as hosts have them (RFC 1123, 2.1), `xn--` among them (RFC 5890). */
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
/** No address of a machine passes for a domain: the last label has letters. */
const TOP_LABEL = '(?:[A-Za-z]{2,63}|[Xx][Nn]--[A-Za-z0-9-]{0,58}[A-Za-z0-9])';
/** What mail readers decode in a header, also as the name of an address (RFC 2047, 2). */
const ENCODED_WORD = String.raw`.*=\?.*\?=`;
/** An address without quotes, in ASCII. The name has 64 characters at most, and each label 63 (RFC 5321, 4.5.3.1). */
const ADDRESS = new RegExp(
  String.raw`^(?=.{1,64}@)(?!${ENCODED_WORD})${ATEXT}(?:\.${ATEXT})*@(?:${LABEL}\.)+${TOP_LABEL}$`,
);
/** Of the whole address, in characters (RFC 5321, 4.5.3.1.3, without the angle brackets). */
const LENGTH = 254;

/** An e-mail address in an answer. */
export const emailShape = z.email({ pattern: ADDRESS });

/**
 * An e-mail address as the mailer sends it: trimmed, in lower case, and a domain outside of ASCII in its ASCII form (RFC 5891).
 * Addresses compare in this form, and only in this form are they stored.
 */
export const emailSchema = z
  .string()
  .trim()
  .overwrite(canonical)
  .max(LENGTH, `must be at most ${LENGTH} characters long`)
  .check(z.email({ pattern: ADDRESS, error: 'must be an e-mail address' }));

function canonical(address: string): string {
  const at = address.lastIndexOf('@');
  // What is too long stays so, and is refused for it.
  if (at < 0 || address.length > LENGTH) return address;
  // Other letters than ASCII's must not become ASCII's: the Kelvin sign in lower case is a k.
  const name = address.slice(0, at).replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return `${name}@${asciiDomain(address.slice(at + 1))}`;
}

/** The domain in ASCII, as far as it is one. */
function asciiDomain(domain: string): string {
  if (/^[\w.-]*$/.test(domain)) return domain.toLowerCase();
  // Anything but letters, digits, hyphens and full stops of all scripts could be read as another part of a URL.
  return /^[\p{L}\p{M}\p{N}.。．｡-]+$/u.test(domain) ? domainToASCII(domain) : domain;
}
