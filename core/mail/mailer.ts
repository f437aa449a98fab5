import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createTransport, type SendMailOptions } from 'nodemailer';

export interface Mail {
  /** Unique to the cause of this mail. It makes the Message-ID, so mail programs recognize a mail that was sent twice. */
  id: string;
  to: string;
  subject: string;
  /** Plain text. */
  text: string;
}

/**
 * The mail server permanently refuses the recipient's address. Transports throw it for no other failure, because it is the
 * only failure that is not retried.
 */
export class RecipientRefused extends Error {
  override readonly name = 'RecipientRefused';
  readonly reply: string;

  /** @param reply only the code and the status of the reply, such as `550 5.1.1` */
  constructor(reply: string, cause?: unknown) {
    super(`The mail server refuses the recipient (${reply})`, { cause });
    this.reply = reply;
  }
}

export interface Mailer {
  /**
   * Sends the mail.
   * @throws RecipientRefused if a retry can't succeed
   * @throws Error for every other failure, which the caller retries: the mail server is unreachable, or it refuses the
   *   sender or to relay
   */
  send(mail: Mail): Promise<void>;
  close(): void;
}

/**
 * @param options.url `smtp://` or `smtps://`, optionally with user and password, or `file:folder`, which writes `<id>.eml`
 * @param options.from the sender, such as `Atrium <no-reply@example.com>`
 */
export function createMailer(options: { url: string; from: string }): Mailer {
  return options.url.startsWith('file:')
    ? createFileMailer(resolve(options.url.slice('file:'.length)), options.from)
    : createSmtpMailer(options.url, options.from);
}

function createSmtpMailer(url: string, from: string): Mailer {
  const server = new URL(url);
  const transport = createTransport({
    // A URL has brackets around an IPv6 address.
    host: server.hostname.replaceAll(/^\[|\]$/g, ''),
    port: Number(server.port) || (server.protocol === 'smtps:' ? 465 : 587),
    secure: server.protocol === 'smtps:',
    ...(server.username !== '' && {
      auth: {
        user: decodeURIComponent(server.username),
        pass: decodeURIComponent(server.password),
      },
    }),
    pool: true,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
  });
  return {
    async send(mail) {
      await transport.sendMail(toMessage(mail, from)).catch(throwRefusal);
    },
    close: () => transport.close(),
  };
}

/**
 * Enhanced status codes of a bad destination address (RFC 3463, 3.2; RFC 7505, 4.2), after the code of the reply, in any
 * of its lines. `5.1.7` and `5.1.8` are about the sender's address. `5.7.x` is about the policy of the server.
 */
const BAD_RECIPIENT = /^(5\d\d)[ -](5\.1\.(?:[0-69]|10))(?!\d|\.)/m;

/**
 * Distinguishes a refused recipient from all other failures. Only a reply to RCPT TO with an enhanced status code counts. A
 * plain 550, 553 or 554 may also mean that the server does not relay for Atrium, which an operator can fix.
 * @throws RecipientRefused, or the same error
 */
function throwRefusal(error: unknown): never {
  if (error instanceof Error && 'command' in error && error.command === 'RCPT TO' && 'response' in error) {
    const [, code, status] = BAD_RECIPIENT.exec(String(error.response)) ?? [];
    if (code !== undefined && status !== undefined) throw new RecipientRefused(`${code} ${status}`, error);
  }
  throw error;
}

function createFileMailer(folder: string, from: string): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'unix' });
  return {
    async send(mail) {
      const { message } = await transport.sendMail(toMessage(mail, from));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // The rename is atomic, so a program that watches the folder never reads half a mail.
      const file = join(folder, `${mail.id}.eml`);
      await writeFile(`${file}.part`, message, { mode: 0o600 });
      await rename(`${file}.part`, file);
    },
    close: () => transport.close(),
  };
}

function toMessage(mail: Mail, from: string): SendMailOptions {
  const host = /@([^>\s]+)>?\s*$/.exec(from)?.[1] ?? 'atrium.localhost';
  return {
    from,
    to: { name: '', address: mail.to },
    // Mail programs decode encoded words (RFC 2047), also those in a name that a stranger chose.
    subject: mail.subject.replaceAll('=?', '= ?'),
    text: mail.text,
    messageId: `<${mail.id}@${host}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}
