import { domainToASCII } from 'node:url';
import { z } from 'zod';

/** Characters that the part before `@` may have without quotes (RFC 5321, 4.1.2; RFC 5322, 3.2.3). */
const ATEXT = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
/** Letters, digits and inner hyphens, as in host names (RFC 1123, 2.1). It includes `xn--` labels (RFC 5890). */
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
/** The last label of a domain has no digits unless it is an `xn--` label, so an IP address is not a domain. */
const TOP_LABEL = '(?:[A-Za-z]{2,63}|[Xx][Nn]--[A-Za-z0-9-]{0,58}[A-Za-z0-9])';
/** Mail programs decode such a word in a header, also within an address (RFC 2047, 2). */
const ENCODED_WORD = String.raw`.*=\?.*\?=`;
/** An ASCII address without quotes. The part before `@` has at most 64 characters, and each label 63 (RFC 5321, 4.5.3.1). */
const ADDRESS = new RegExp(
  String.raw`^(?=.{1,64}@)(?!${ENCODED_WORD})${ATEXT}(?:\.${ATEXT})*@(?:${LABEL}\.)+${TOP_LABEL}$`,
);
/** The maximum length of an address, in characters (RFC 5321, 4.5.3.1.3, without the angle brackets). */
const LENGTH = 254;

/** An e-mail address in a response. */
export const emailShape = z.email({ pattern: ADDRESS });

/**
 * Parses an e-mail address into its canonical form: trimmed, in lower case, and with the domain in ASCII (RFC 5891).
 * Addresses are stored, compared and sent to in this form.
 */
export const emailSchema = z
  .string()
  .trim()
  .overwrite(canonical)
  .max(LENGTH, `must be at most ${LENGTH} characters long`)
  .check(z.email({ pattern: ADDRESS, error: 'must be an e-mail address' }));

function canonical(address: string): string {
  const at = address.lastIndexOf('@');
  // A text that is too long is refused later.
  if (at < 0 || address.length > LENGTH) return address;
  // Only ASCII letters become lower case: the lower case of the Kelvin sign is an ASCII `k`.
  const name = address.slice(0, at).replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return `${name}@${asciiDomain(address.slice(at + 1))}`;
}

/** @returns the domain in ASCII; the same text if it is not a domain */
function asciiDomain(domain: string): string {
  if (/^[\w.-]*$/.test(domain)) return domain.toLowerCase();
  // `domainToASCII` reads other characters, such as `/` and `@`, as parts of a URL.
  return /^[\p{L}\p{M}\p{N}.。．｡-]+$/u.test(domain) ? domainToASCII(domain) : domain;
}
