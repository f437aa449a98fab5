import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createMailer, type Mail } from '../../core/mail/mailer.ts';
import { freePort } from '../../dev/ports.ts';
import { startSmtpServer } from './smtp-server.ts';

const from = 'Atrium <no-reply@example.com>';
const LAST = 'The last line.';

const mailOf = (id: string): Mail => ({
  id,
  to: 'ada@example.com',
  subject: 'Grüße, and more than fits in one line of a header, so that it has to be folded',
  text: `${'A line that is long enough to be broken when it travels, with an é in it.\n'.repeat(400)}${LAST}`,
});

test('the file transport writes one file for each mail, which is never seen half-written', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'atrium-mail-'));
  const mailer = createMailer({ url: `file:${folder}`, from });
  const ids = Array.from({ length: 40 }, (_, index) => `mail-${index}`);
  let sending = true;
  const sent = Promise.all(ids.map((id) => mailer.send(mailOf(id)))).finally(() => {
    sending = false;
  });
  do {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.eml'));
    const ends = await Promise.all(names.map(async (name) => (await readFile(join(folder, name), 'utf8')).trimEnd()));
    for (const text of ends) expect(text.endsWith(LAST)).toBe(true);
  } while (sending);
  await sent;

  // A second attempt to send the same mail writes the same file.
  await mailer.send(mailOf('mail-0'));
  mailer.close();
  expect((await readdir(folder)).toSorted()).toEqual(ids.map((id) => `${id}.eml`).toSorted());
  await rm(folder, { recursive: true });
});

test('a mail that is sent a second time has the same Message-ID', async () => {
  const port = await freePort();
  await using server = await startSmtpServer(port);
  const mailer = createMailer({ url: `smtp://127.0.0.1:${port}`, from });
  for (const id of ['first', 'first', 'second']) await mailer.send(mailOf(id));
  mailer.close();
  const ids = server.mails.map((mail) => /^Message-ID: (.*)$/im.exec(mail)?.[1]?.trim());
  expect(ids).toEqual(['<first@example.com>', '<first@example.com>', '<second@example.com>']);
});

test('the name of a tenant cannot inject a mail header', async () => {
  const port = await freePort();
  await using server = await startSmtpServer(port);
  const mailer = createMailer({ url: `smtp://127.0.0.1:${port}`, from });
  await mailer.send({ id: 'one', to: 'ada@example.com', subject: 'Hi\r\nBcc: eve@example.com', text: 'Hi' });
  mailer.close();
  expect(server.mails[0]).not.toMatch(/^Bcc:/im);
});
