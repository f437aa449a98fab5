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

export interface Mailer {
  /** Hands the mail over. @throws Error when the mail server is out of reach or refuses; the caller tries again */
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
      await transport.sendMail(toMessage(mail, from));
    },
    close: () => transport.close(),
  };
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
    subject: mail.subject,
    text: mail.text,
    messageId: `<${mail.id}@${host}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}
