import { createServer, type Socket } from 'node:net';

/** A mail server that records the accepted mails. */
export interface SmtpServer extends AsyncDisposable {
  /** Each received mail, with headers and body. */
  readonly mails: readonly string[];
  /** The recipients of the mails, from `RCPT TO`. */
  readonly recipients: readonly string[];
}

/** @returns the answer to a command, or undefined for OK */
export type Answer = (command: string) => string | undefined;

/**
 * Listens on 127.0.0.1. It implements the part of SMTP (RFC 5321) that a mail needs.
 * @param answer accepts all mails by default
 */
export async function startSmtpServer(port: number, answer: Answer = () => undefined): Promise<SmtpServer> {
  const mails: string[] = [];
  const recipients: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, answer, { mail: (mail) => mails.push(mail), recipient: (address) => recipients.push(address) });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    mails,
    recipients,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function serve(socket: Socket, answer: Answer, take: Record<'mail' | 'recipient', (text: string) => void>): void {
  let received = '';
  let inData = false;
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    received += chunk;
    for (;;) {
      const end = received.indexOf(inData ? '\r\n.\r\n' : '\r\n');
      if (end < 0) return;
      const text = received.slice(0, end);
      received = received.slice(end + (inData ? 5 : 2));
      const refusal = inData ? undefined : answer(text);
      if (refusal !== undefined) {
        socket.write(`${refusal}\r\n`);
        continue;
      }
      const recipient = inData ? undefined : /^RCPT TO:<(.*)>/i.exec(text)?.[1];
      if (recipient !== undefined) take.recipient(recipient);
      if (inData) take.mail(text);
      inData = !inData && /^DATA$/i.test(text);
      socket.write(inData ? '354 Go on\r\n' : /^QUIT$/i.test(text) ? '221 Bye\r\n' : '250 OK\r\n');
    }
  });
  socket.write('220 test ESMTP\r\n');
}
