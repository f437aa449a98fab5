import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createTransport, type SendMailOptions } from 'nodemailer';

export interface Mail {
  /** Unique to the cause of this mail: it makes the Message-ID, so a mail sent twice can be told for one. */
  id: string;
  to: string;
  subject: string;
  /** Plain text. */
  text: string;
}

/**
 * The mail server refuses the recipient's address for good. Each transport throws it for that alone: it is the only
 * failure after which a mail is given up.
 */
export class RecipientRefused extends Error {
  override readonly name = 'RecipientRefused';
  readonly reply: string;

  /** @param reply the code and the status of the answer, such as `550 5.1.1`: none of its words */
  constructor(reply: string, cause?: unknown) {
    super(`The mail server refuses the recipient (${reply})`, { cause });
    this.reply = reply;
  }
}

export interface Mailer {
  /**
   * Hands the mail over.
   * @throws RecipientRefused when no further try can succeed
   * @throws Error for every other failure, such as a mail server that is out of reach, or one that refuses the sender or
   *   to relay: the caller tries again
   */
  send(mail: Mail): Promise<void>;
  close(): void;
}

/**
 * @param options.url `smtp://` or `smtps://` with user and password, or `file:folder`, which writes `<id>.eml`
 * @param options.from as in `Atrium <no-reply@example.com>`
 */
export function createMailer(options: { url: string; from: string }): Mailer {
  return options.url.startsWith('file:')
    ? createFileMailer(resolve(options.url.slice('file:'.length)), options.from)
    : createSmtpMailer(options.url, options.from);
}

function createSmtpMailer(url: string, from: string): Mailer {
  const server = new URL(url);
  const transport = createTransport({
    // In a URL an IPv6 address stands in brackets.
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
 * Enhanced status codes of a bad destination address (RFC 3463, 3.2; RFC 7505, 4.2), with the reply's code before them, in
 * any line of the reply. `5.1.7` and `5.1.8` are about the sender's address, and `5.7.x` about what the server's policy allows.
 */
const BAD_RECIPIENT = /^(5\d\d)[ -](5\.1\.(?:[0-69]|10))(?!\d|\.)/m;

/**
 * Tells a refused recipient from all other failures. Only an answer to RCPT TO counts, and only with its enhanced status
 * code: a plain 550, 553 or 554 may as well mean that the server does not relay for us, and that can be mended.
 * @throws RecipientRefused, or the error as it came
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
      // Renamed into place, so that whoever watches the folder never reads half a mail.
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
    // Readers decode what looks like an encoded word (RFC 2047), also one that a stranger wrote as a name.
    subject: mail.subject.replaceAll('=?', '= ?'),
    text: mail.text,
    messageId: `<${mail.id}@${host}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}
