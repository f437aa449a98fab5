import { expect, inject, test } from 'vitest';
import { createMailer } from '../../core/mail/mailer.ts';
import { freePort } from '../../dev/ports.ts';
import { callOn, errorOf, MOUNTS, onBothMounts, resultOf } from '../support/mounts.ts';
import { nextMail, tokenIn } from '../support/mail.ts';
import { PASSWORD } from '../support/people.ts';
import { at } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { startSmtpServer } from './smtp-server.ts';

// Every address that can get mail may sign up, and all its spellings are one account.
const place = inject('stack');
/** All special characters that a local part may have without quotes (RFC 5321, 4.1.2). */
const EVERY_CHARACTER = "!#$%&'*+-/=?^_`{|}~";
const fresh = (): string => crypto.randomUUID().slice(-12);

const SPELLINGS = [
  { what: 'every character that needs no quotes', make: (id: string) => [`${EVERY_CHARACTER}${id}@example.com`] },
  { what: 'a domain in punycode', make: (id: string) => [`ada@${id}.xn--p1ai`, `ADA@${id}.XN--P1AI`, `ada@${id}.рф`] },
  {
    what: 'a domain outside of ASCII',
    make: (id: string) => [`ada@xn--mller-kva.${id}.de`, `ada@müller.${id}.de`, ` Ada@MÜLLER。${id}．ｄｅ `],
  },
];

for (const { mount, what, make } of onBothMounts(SPELLINGS)) {
  test(`${mount} signs up an address with ${what}, which gets its mail and is one account in every spelling`, async () => {
    const [email = '', ...others] = make(fresh());
    const spellings = [email, ...others];
    const signUp = { ...freshSignUp(), email: spellings.at(-1) };
    expect((await callOn(mount, place.url, 'auth.register', { body: signUp })).status).toBeLessThan(300);
    const token = tokenIn(await nextMail(place.mailDir, email));
    const verified = await callOn(mount, place.url, 'auth.verifyEmail', { body: { token } });
    expect(resultOf(mount, verified)).toEqual({ email });
    for (const spelled of spellings) {
      const body = { email: spelled, password: signUp.password };
      const login = resultOf(mount, await callOn(mount, place.url, 'auth.login', { body }));
      expect(at(login, 'user', 'email')).toBe(email);
      const me = await callOn(mount, place.url, 'users.me', { token: String(at(login, 'accessToken')) });
      expect(at(resultOf(mount, me), 'email') ?? at(resultOf(mount, me), 'user', 'email')).toBe(email);
    }
  });
}

test('the mailer passes each address to the mail server as it is stored', async () => {
  const addresses = [`${EVERY_CHARACTER}@example.com`, 'ada@xn--mller-kva.xn--p1ai', `${'a'.repeat(64)}@example.com`];
  const port = await freePort();
  await using server = await startSmtpServer(port);
  const mailer = createMailer({ url: `smtp://127.0.0.1:${port}`, from: 'Atrium <no-reply@example.com>' });
  for (const [index, to] of addresses.entries()) await mailer.send({ id: `${index}`, to, subject: 'Hi', text: 'Hi' });
  mailer.close();
  expect(server.recipients).toEqual(addresses);
  const named = server.mails.map((mail) => /^To:\s+<?([^>\r\n]*)/im.exec(mail)?.[1]);
  expect(named).toEqual(addresses);
});

test.each([
  // Mail programs would decode it and show another address (RFC 2047).
  '=?utf-8?q?a=40evil.com=3e?=ada@example.com',
  '.ada@example.com',
  'ada.@example.com',
  'a..da@example.com',
  `${'a'.repeat(65)}@example.com`,
  `a@${'b.'.repeat(130)}example.com`,
  '"ada lovelace"@example.com',
  'adä@example.com',
  // The Kelvin sign; its lower case is k.
  '\u212Aim@example.com',
  'ada@example',
  'ada@127.0.0.1',
  'ada@１２７.0.0.1',
  'ada@[127.0.0.1]',
  'ada@ex%61mple.com',
  'ada@ö%2e.com',
  'ada@ö/x.com',
  'ada@b@example.com',
  'ada@example.com.',
  'ada@xn--a-.com',
  'ada@b_c.com',
  'ada@example.com\r\nBcc: eve@example.com',
  'ada@example.com, eve@example.com',
  'ada@example.com>',
])('both mounts refuse %j as an e-mail address', async (email) => {
  for (const mount of MOUNTS) {
    const answer = await callOn(mount, place.url, 'auth.login', { body: { email, password: PASSWORD } });
    expect([answer.status, at(errorOf(mount, answer), 'issues', 0, 'path')]).toEqual([400, ['email']]);
  }
});
