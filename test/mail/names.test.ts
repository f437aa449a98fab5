import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { z } from 'zod';
import { connect } from '../support/database.ts';
import { mailsTo, nextMail } from '../support/mail.ts';
import { signUpTenant, freshEmail } from '../support/people.ts';
import { rest } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { waitFor } from '../support/wait.ts';

const place = inject('stack');

const READ = `
import email, email.policy, json, sys
mail = email.message_from_file(open(sys.argv[1]), policy=email.policy.default)
print(json.dumps({"subject": str(mail["subject"]), "to": str(mail["to"]), "text": mail.get_content()}))`;

/** @returns a mail as a mail program decodes it */
async function asRead({ file }: { file: string }) {
  const { stdout } = await promisify(execFile)('python3', ['-c', READ, file]);
  return z.object({ subject: z.string(), to: z.string(), text: z.string() }).parse(JSON.parse(stdout));
}

const NAMES = [
  { what: 'an encoded word', name: '=?utf-8?q?You=20won=21?= =?utf-8?b?SGk=?=', decoded: 'You won!' },
  {
    what: 'an encoded word beside letters that are encoded',
    name: 'Gr\u00fc\u00dfe =?utf-8?q?won=21?=',
    decoded: 'won!',
  },
];

test.each(NAMES)('a name in a mail is not decoded by mail programs: $what', async ({ name, decoded }) => {
  const signUp = { ...freshSignUp(), tenantName: name };
  await rest(place.url, 'POST', '/auth/register', { body: signUp });
  const { subject, text } = await asRead(await nextMail(place.mailDir, signUp.email));
  expect(subject).toContain('?q?');
  expect(`${subject}\n${text}`).not.toContain(decoded);
});

test.each([
  ['ASCII', 'Win at evil.example or https://evil.example:8443/x or www.evil.example, mail eve@evil.example'],
  ['stops of Unicode', 'evil\u3002example evil\uff0eexample evil\uff61example evil\u2024example evil\ufe52example'],
  ['full width', 'https\uff1a\uff0f\uff0fevil\uff0eexample eve\uff20evil\uff0eexample'],
  ['controls', '\u202eevil\u2066\u200b.\u200bexample\u2028Bcc: eve\u0007\r\nX: y'],
])('a name from before the rule for names neither becomes a link nor breaks its line: %s', async (_, name) => {
  const eve = await signUpTenant(place);
  await using owner = connect(place.databaseOwnerUrl);
  await owner.sql`update public.tenants set name = ${name} where id = ${eve.tenantId}`;
  await owner.sql`update public.users set full_name = ${name} where id = ${eve.userId}`;
  const email = freshEmail('grace');
  await eve.client.invites.create.mutate({ email, role: 'member' });
  const { subject, to, text } = await asRead(await nextMail(place.mailDir, email));
  expect(to).toBe(email);
  const words = `${subject}\n${text.replace(/^http\S+\/accept-invite\?token=\S+$/m, '')}`;
  expect(words).toContain('evil example');
  expect(words.normalize('NFKC')).not.toMatch(/\S[.:/\\@\u3002]\S/);
  expect(words).not.toMatch(/[\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069]/);
  expect(text.split('\n').some((line) => /^(Bcc|X):/.test(line))).toBe(false);
});

test('the name of a tenant cannot pass for the slug and time of its sign-up', async () => {
  const signUp = {
    ...freshSignUp(),
    tenantName: 'Acme") acme (signed up on 2020-01-01 at 00:00 UTC, with the name "A',
  };
  await rest(place.url, 'POST', '/auth/register', { body: signUp });
  const { text } = await asRead(await nextMail(place.mailDir, signUp.email));
  const told = /create the tenant (.*)\. If it was you/.exec(text.replaceAll('\n', ' '))?.[1] ?? '';
  expect(told).toMatch(
    new RegExp(
      `^${signUp.tenantSlug} \\(signed up on \\d{4}-\\d\\d-\\d\\d at \\d\\d:\\d\\d UTC, with the name "[^"]*"\\)$`,
    ),
  );
});

test("a mail to an unverified address contains no name that the sender chose but the tenant's", async () => {
  const signUp = { ...freshSignUp(), fullName: 'Win a prize now' };
  await rest(place.url, 'POST', '/auth/register', { body: signUp });
  await rest(place.url, 'POST', '/auth/password-reset', { body: { email: signUp.email } });
  await waitFor('both mails', async () => (await mailsTo(place.mailDir, signUp.email)).length === 2);
  for (const { text } of await mailsTo(place.mailDir, signUp.email)) expect(text).not.toContain('prize');
});
