import { accessSync, constants, statSync } from 'node:fs';
import { z } from 'zod';
import { displayText } from '../text/display-text.ts';
import { emailSchema } from '../mail/address.ts';

// Schemas for the values of settings.

export function list<Item extends z.ZodType<unknown, string>>(item: Item) {
  return z
    .string()
    .default('')
    .transform((text) => text.split(',').map((part) => part.trim()))
    .transform((parts) => parts.filter((part) => part !== ''))
    .pipe(z.array(item));
}

/** A token for an HTTP header: visible ASCII without blanks (RFC 9110, 5.5). */
export function headerToken() {
  return z.string().regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters without spaces');
}

/** A name without blanks. */
export function plainName() {
  return z.string().regex(/^\S+$/, 'must be a name without spaces');
}

/** The path of a file that this process can read. */
export function readableFile() {
  return z.string().refine(isReadableFile, 'must be the path of a file that this process can read');
}

function isReadableFile(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** A name and an address. The name may be in quotes, where a backslash escapes a quote or a backslash. */
const NAMED = /^(?:"(?<quoted>(?:[^"\\]|\\["\\])*)"|(?<plain>[^"<>@]+))\s*<(?<address>[^<>\s]+)>$/;
const senderName = displayText({ max: 100, visible: 1, lines: false });

/**
 * One mailbox: `address`, `Name <address>` or `"Name" <address>` (RFC 5322, 3.4). Its canonical form has the name in quotes
 * and the address in the canonical form of {@link emailSchema}.
 */
export function mailbox() {
  return z.string().transform((text, context) => {
    const { quoted, plain, address = text } = NAMED.exec(text.trim())?.groups ?? {};
    const email = emailSchema.safeParse(address);
    if (!email.success) {
      context.addIssue('must be one mailbox: Name <address>, or an address alone');
      return z.NEVER;
    }
    const given = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain;
    if (given === undefined) return email.data;
    const name = senderName.safeParse(given);
    if (!name.success) {
      context.addIssue(`has a name that ${name.error.issues[0]?.message ?? 'is not valid'}`);
      return z.NEVER;
    }
    return `"${name.data.replaceAll(/["\\]/g, '\\$&')}" <${email.data}>`;
  });
}
