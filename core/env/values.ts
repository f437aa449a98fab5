import { accessSync, constants, statSync } from 'node:fs';
import addressparser from 'nodemailer/lib/addressparser';
import { z } from 'zod';
import { emailSchema } from '../email.ts';

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
  return z.string().regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters without blanks');
}

/** A name without blanks. */
export function plainName() {
  return z.string().regex(/^\S+$/, 'must be a name without blanks');
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

/** One mailbox, as in `Name <address>` or an address alone (RFC 5322, 3.4), with its name in quotes. */
export function mailbox() {
  return z.string().transform((text, context) => {
    const [first, ...others] = addressparser(text);
    if (first?.address !== undefined && others.length === 0 && emailSchema.safeParse(first.address).success) {
      const { name, address } = first;
      return name === '' ? address : `"${name.replaceAll(/["\\]/g, '\\$&')}" <${address}>`;
    }
    context.addIssue('must be one mailbox, as in Name <address>, or an address alone');
    return z.NEVER;
  });
}
