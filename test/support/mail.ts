import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from './wait.ts';

export interface ReceivedMail {
  file: string;
  to: string;
  subject: string;
  text: string;
}

/** @returns the mails to an address, oldest first */
export async function mailsTo(mailDir: string, email: string): Promise<ReceivedMail[]> {
  const files = await readdir(mailDir).catch(() => []);
  const names = files.filter((name) => name.endsWith('.eml')).toSorted();
  const mails = await Promise.all(names.map((name) => readMail(join(mailDir, name))));
  return mails.filter((mail) => mail.to === email);
}

/** In ms. After a broken connection Temporal may wait for a worker twice, 10 s each time. */
const MAIL_MS = 40_000;

/** Waits until an address has `count` mails. @returns the newest */
export async function nextMail(mailDir: string, email: string, count = 1): Promise<ReceivedMail> {
  return await waitFor(`mail ${count} to ${email}`, async () => (await mailsTo(mailDir, email))[count - 1], MAIL_MS);
}

/** @returns the token in the link of a mail */
export function tokenIn(mail: ReceivedMail): string {
  const token = /\?token=(\S+)/.exec(mail.text)?.[1];
  if (token === undefined) throw new Error(`No token in the mail "${mail.subject}"`);
  return token;
}

/** The mails by file name. They can be cached, because a mail file is written atomically and never changes. */
const read = new Map<string, Promise<ReceivedMail>>();

async function readMail(file: string): Promise<ReceivedMail> {
  const mail = read.get(file) ?? parseMail(file);
  read.set(file, mail);
  return await mail;
}

async function parseMail(file: string): Promise<ReceivedMail> {
  const raw = (await readFile(file, 'utf8')).replaceAll('\r\n', '\n');
  const split = raw.indexOf('\n\n');
  const head = raw.slice(0, split).replaceAll(/\n[ \t]+/g, ' ');
  const header = (name: string): string => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1] ?? '';
  const body = raw.slice(split + 2);
  const text = header('Content-Transfer-Encoding') === 'quoted-printable' ? decodeQuotedPrintable(body) : body;
  return { file, to: header('To').replaceAll(/^.*<|>$/g, ''), subject: header('Subject'), text };
}

function decodeQuotedPrintable(text: string): string {
  const bytes = text
    .replaceAll('=\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
