import { beforeAll, expect, inject, test } from 'vitest';
import { callOn, resultOf, type Procedure } from '../support/mounts.ts';
import { signUpTenant, freshSlug, logIn, PASSWORD, type Founder } from '../support/people.ts';
import { at, reasonOf, type Answer, type Call } from '../support/rest.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import { addMember } from '../support/members.ts';
import { invite } from './invited.ts';

// Every input that other users see is validated by one rule.
const place = inject('stack');
let ada: Founder;
let member: { userId: string };
let operator: string;

beforeAll(async () => {
  ada = await signUpTenant(place);
  member = await addMember(place, ada);
  operator = (await logIn(place, place.superuser)).tokens().accessToken;
});

const inside = (body: object): Call => ({ token: ada.tokens().accessToken, tenant: ada.slug, body });
const makeProject = async (): Promise<string> =>
  (await ada.client.projects.create.mutate({ name: `Apollo ${crypto.randomUUID()}` })).id;

interface Place {
  procedure: Procedure;
  call: (name: string) => Call | Promise<Call>;
  /** The path of the text in the answer, if the answer has it. */
  shown?: string[];
}

const PLACES: Place[] = [
  { procedure: 'auth.register', call: (fullName) => ({ body: { ...freshSignUp(), fullName } }) },
  { procedure: 'auth.register', call: (tenantName) => ({ body: { ...freshSignUp(), tenantName } }) },
  {
    procedure: 'invites.accept',
    call: async (fullName) => ({ body: { token: (await invite(place, ada)).token, password: PASSWORD, fullName } }),
    shown: ['user', 'fullName'],
  },
  { procedure: 'users.updateMe', call: (fullName) => inside({ fullName }), shown: ['fullName'] },
  { procedure: 'tenants.create', call: (name) => inside({ name, slug: freshSlug() }) },
  { procedure: 'tenants.update', call: (name) => inside({ name }), shown: ['name'] },
  { procedure: 'projects.create', call: (name) => inside({ name }), shown: ['name'] },
  { procedure: 'projects.update', call: async (name) => inside({ id: await makeProject(), name }), shown: ['name'] },
  { procedure: 'apiKeys.create', call: (name) => inside({ name, role: 'member' }), shown: ['name'] },
  {
    procedure: 'admin.assumeIdentity',
    call: (reason) => ({ token: operator, body: { userId: member.userId, tenantSlug: ada.slug, reason } }),
  },
];

test.each(PLACES)('$procedure refuses a text of invisible characters, or with a bidi control', async (given) => {
  for (const text of [
    '\u200b'.repeat(12),
    '\u2800 \u3164'.repeat(6),
    'Ada Lovelace\u202e txt.exe',
    'Ada \u2066Lovelace',
  ]) {
    const answer: Answer = await callOn('REST', place.url, given.procedure, await given.call(text));
    expect([answer.status, reasonOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
  }
});

test.each(PLACES)('$procedure stores a text without its invisible characters', async (given) => {
  const number = crypto.randomUUID();
  const text = `\u3000Zoe\u0308 \u200bAda\u200d \u{1f469}\u200d\u{1f680} ${number}\u2800`;
  const answer = await callOn('tRPC', place.url, given.procedure, await given.call(text));
  expect(answer.status).toBe(200);
  if (given.shown) {
    expect(at(resultOf('tRPC', answer), ...given.shown)).toBe(`Zo\u00eb Ada \u{1f469}\u200d\u{1f680} ${number}`);
  }
});

test('two projects cannot have names that differ in invisible characters only', async () => {
  await ada.client.projects.create.mutate({ name: 'Gemini \u00e9' });
  const again = await callOn('REST', place.url, 'projects.create', inside({ name: 'Gem\u200bini e\u0301 ' }));
  expect(reasonOf(again)).toBe('CONFLICT');
});
