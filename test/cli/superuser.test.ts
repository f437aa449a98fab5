import { afterAll, expect, inject, test } from 'vitest';
import { connect } from '../support/database.ts';
import { aUuidV7 } from '../support/matchers.ts';
import { callOn } from '../support/mounts.ts';
import { signUpTenant, freshEmail, type Founder } from '../support/people.ts';
import { reasonOf, rest } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { runScript, type Ended } from './command.ts';

const place = inject('stack');
const owner = connect(place.databaseOwnerUrl);
const USAGE = 'usage: bun run superuser promote EMAIL | demote EMAIL | list\n';

afterAll(() => owner[Symbol.asyncDispose]());

/** Runs `bun run superuser`. @param listed the addresses in SUPERUSER_EMAILS */
async function superuser(args: string[], listed = '', databaseOwnerUrl = place.databaseOwnerUrl): Promise<Ended> {
  const { PATH = '', HOME = '', ATRIUM_BUN: bun = 'bun' } = place.env;
  const env = { PATH, HOME, DATABASE_OWNER_URL: databaseOwnerUrl, SUPERUSER_EMAILS: listed };
  return await runScript(['superuser', ...args], { bun, env });
}

/** Calls a procedure for operators as a founder, whose tenant has nothing to retry. @returns the reason of the refusal */
async function operate(founder: Founder): Promise<unknown> {
  const call = { token: founder.tokens().accessToken, body: { slug: founder.slug } };
  return reasonOf(await callOn('tRPC', place.url, 'admin.retryProvisioning', call));
}

/** @returns the audit rows of the command about a user, oldest first */
async function auditEntryOf(userId: string): Promise<Record<string, unknown>[]> {
  return Array.from(
    await owner.sql<Record<string, unknown>[]>`
      select * from public.audit_logs where entity_id = ${userId} and action in ('user.promote', 'user.demote')
      order by id`,
  );
}

test('an account of SUPERUSER_EMAILS is promoted to operator, and loses that with the next request after it is demoted', async () => {
  const ada = await signUpTenant(place);
  expect(await operate(ada)).toBe('FORBIDDEN');

  const promoted = await superuser(['promote', ada.email], `someone@example.com, ${ada.email}`);
  expect(promoted).toEqual({ code: 0, output: `${ada.email}: promoted\n`, errors: '' });
  expect(await operate(ada)).toBe('CONFLICT');

  const demoted = await superuser(['demote', ada.email], ada.email);
  expect(demoted).toEqual({ code: 0, output: `${ada.email}: demoted\n`, errors: '' });
  expect(await operate(ada)).toBe('FORBIDDEN');
});

test("each change leaves one row in the platform's log, and a command that changes nothing leaves none", async () => {
  const { userId, email } = await signUpTenant(place);
  const outputs: string[] = [];
  for (const verb of ['demote', 'promote', 'promote', 'demote', 'demote']) {
    const { code, output } = await superuser([verb, email], email);
    expect(code).toBe(0);
    outputs.push(output.trim());
  }
  const unchanged = `${email}: nothing to change`;
  expect(outputs).toEqual([unchanged, `${email}: promoted`, unchanged, `${email}: demoted`, unchanged]);

  const common = {
    id: aUuidV7,
    tenant_id: null,
    entity_type: 'user',
    entity_id: userId,
    actor_type: 'system',
    actor_id: null,
    operator_id: null,
    outcome: 'success',
  };
  expect(await auditEntryOf(userId)).toMatchObject([
    { ...common, action: 'user.promote', changes: { isSuperuser: [false, true] } },
    { ...common, action: 'user.demote', changes: { isSuperuser: [true, false] } },
  ]);
});

test('an address is matched as at sign-up: trimmed, and in any letter case', async () => {
  const { email } = await signUpTenant(place);
  const typed = ` ${email.toUpperCase()} `;
  expect(await superuser(['promote', typed], typed)).toMatchObject({ code: 0, output: `${email}: promoted\n` });
  expect(await superuser(['demote', typed])).toMatchObject({ code: 0, output: `${email}: demoted\n` });
});

test('an account that is not in SUPERUSER_EMAILS cannot be promoted, but can be demoted', async () => {
  const ada = await signUpTenant(place);
  for (const listed of ['', 'someone@example.com', `x${ada.email}`]) {
    expect(await superuser(['promote', ada.email], listed)).toEqual({
      code: 1,
      output: '',
      errors: `${ada.email} is not in SUPERUSER_EMAILS; add it there first\n`,
    });
  }
  expect(await operate(ada)).toBe('FORBIDDEN');
  expect(await auditEntryOf(ada.userId)).toEqual([]);

  await superuser(['promote', ada.email], ada.email);
  expect(await superuser(['demote', ada.email])).toMatchObject({ code: 0 });
  expect(await operate(ada)).toBe('FORBIDDEN');
});

test('an address without an account is refused, also one whose sign-up is not verified', async () => {
  const signUp = freshSignUp();
  expect((await rest(place.url, 'POST', '/auth/register', { body: signUp })).status).toBe(202);
  for (const email of [freshEmail('nobody'), signUp.email]) {
    for (const verb of ['promote', 'demote']) {
      expect(await superuser([verb, email], email)).toEqual({
        code: 1,
        output: '',
        errors: `${email} has no account; sign up and verify the address first\n`,
      });
    }
  }
});

test('the list shows every operator, and nobody else', async () => {
  const [ada, grace] = await Promise.all([
    signUpTenant(place),
    signUpTenant(place, { email: freshEmail('grace'), fullName: 'Grace Hopper' }),
  ]);
  await superuser(['promote', grace.email], grace.email);
  const during = await superuser(['list']);
  expect(during).toMatchObject({ code: 0, errors: '' });
  const lines = during.output.trimEnd().split('\n');
  expect(lines).toContain(`${grace.email}  Grace Hopper`);
  expect(lines).toContain(`${place.superuser.email}  Platform operator`);
  expect(during.output).not.toContain(ada.email);

  await superuser(['demote', grace.email]);
  expect((await superuser(['list'])).output).not.toContain(grace.email);
});

for (const { what, args, errors } of [
  { what: 'without a verb', args: [], errors: USAGE },
  { what: 'with an unknown verb', args: ['crown', 'ada@example.com'], errors: USAGE },
  { what: 'without an address', args: ['promote'], errors: USAGE },
  { what: 'to list someone', args: ['list', 'ada@example.com'], errors: USAGE },
  { what: 'with what is no address', args: ['promote', 'ada'], errors: 'ada is not an e-mail address\n' },
]) {
  test(`a command ${what} fails, and says what is wrong`, async () => {
    expect(await superuser(args, 'ada@example.com')).toEqual({ code: 1, output: '', errors });
  });
}

test('no failure shows the password of the database URL', async () => {
  const secret = 'quiet-otter-paints';
  const wrongPassword = new URL(place.databaseOwnerUrl);
  wrongPassword.password = secret;
  const wrongDatabase = new URL(place.databaseOwnerUrl);
  wrongDatabase.pathname = '/nowhere';
  const urls = [
    wrongPassword.href,
    wrongDatabase.href,
    `postgres://owner:${secret}@127.0.0.1:1/atrium`,
    `postgres://owner:${secret}@[bad/atrium`,
    `mysql://owner:${secret}@127.0.0.1/atrium`,
  ];
  for (const url of urls) {
    const { code, output, errors } = await superuser(['list'], '', url);
    expect([code, output]).toEqual([1, '']);
    expect(errors).not.toBe('');
    expect(errors).not.toContain(secret);
    expect(errors).not.toContain(wrongDatabase.password);
  }
});

test('without the database URL the command fails, and names the setting', async () => {
  const { code, errors } = await superuser(['list'], '', '');
  expect([code, errors.split(':')[0]]).toEqual([1, 'DATABASE_OWNER_URL']);
});
