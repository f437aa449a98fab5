import { accessSync, constants, statSync } from 'node:fs';
import { z } from 'zod';
import { displayText } from '../text/display-text.ts';
import { emailSchema } from '../mail/address.ts';

// How the values of settings are written, and what becomes of them.

export function list<Item extends z.ZodType<unknown, string>>(item: Item) {
  return z
    .string()
    .default('')
    .transform((text) => text.split(',').map((part) => part.trim()))
    .transform((parts) => parts.filter((part) => part !== ''))
    .pipe(z.array(item));
}

/** A token that travels in an HTTP header: visible ASCII without blanks (RFC 9110, 5.5). */
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

/** The name is in quotes, in which a backslash stands before a quote or a backslash, or it is as it is written. */
const NAMED = /^(?:"(?<quoted>(?:[^"\\]|\\["\\])*)"|(?<plain>[^"<>@]+))\s*<(?<address>[^<>\s]+)>$/;
const senderName = displayText({ max: 100, visible: 1, lines: false });

/**
 * One mailbox: `address`, `Name <address>` or `"Name" <address>` (RFC 5322, 3.4), and nothing around it. It becomes
 * its one form: the name in quotes, the address as {@link emailSchema} has it.
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
