import { v7 as uuidv7 } from 'uuid';
import { beforeAll, expect, inject, test } from 'vitest';
import { parseEnv, SETTINGS } from '../../core/env/index.ts';
import { mintMailedToken, type MailedTokenKind } from '../../core/auth/mailed-token.ts';
import { connect } from '../support/database.ts';
import { onBothMounts, callOn, type Procedure } from '../support/mounts.ts';
import { signUpTenant, freshEmail, logIn, PASSWORD } from '../support/people.ts';
import { reasonOf, type Call } from '../support/rest.ts';

// Every kind of token is sent to every place that takes one. It is accepted only where it belongs.
const place = inject('stack');
const NEW_PASSWORD = 'four-green-tractors-whistle-softly';

type Kind = 'access' | 'lobby access' | 'assumed identity' | 'API key' | 'refresh' | MailedTokenKind;
const KINDS: Kind[] = [
  'access',
  'lobby access',
  'assumed identity',
  'API key',
  'refresh',
  'verify-email',
  'reset-password',
  'invite',
];

interface Place {
  name: string;
  procedure: Procedure;
  call: (token: string) => Call;
  /** The expected outcome for each kind of token that is not simply refused as invalid. */
  takes: Partial<Record<Kind, string | undefined>>;
  refusal: string;
}

let slug: string;
let tokens: Record<Kind, string>;

const PLACES: Place[] = [
  {
    name: 'a bearer for a user',
    procedure: 'users.me',
    call: (token) => ({ token }),
    takes: { access: undefined, 'lobby access': undefined, 'assumed identity': undefined, 'API key': 'FORBIDDEN' },
    refusal: 'UNAUTHENTICATED',
  },
  {
    name: 'a bearer for a tenant',
    procedure: 'projects.list',
    call: (token) => ({ token, tenant: slug, body: {} }),
    takes: {
      access: undefined,
      'lobby access': 'TENANT_MISMATCH',
      'assumed identity': undefined,
      'API key': undefined,
    },
    refusal: 'UNAUTHENTICATED',
  },
  {
    name: 'auth.refresh',
    procedure: 'auth.refresh',
    call: (refreshToken) => ({ body: { refreshToken } }),
    takes: { refresh: undefined },
    refusal: 'UNAUTHENTICATED',
  },
  {
    name: 'auth.previewSignUp',
    procedure: 'auth.previewSignUp',
    call: (token) => ({ body: { token } }),
    takes: { 'verify-email': undefined },
    refusal: 'TOKEN_INVALID',
  },
  {
    name: 'auth.verifyEmail',
    procedure: 'auth.verifyEmail',
    call: (token) => ({ body: { token } }),
    takes: { 'verify-email': undefined },
    refusal: 'TOKEN_INVALID',
  },
  {
    name: 'auth.resetPassword',
    procedure: 'auth.resetPassword',
    call: (token) => ({ body: { token, newPassword: NEW_PASSWORD } }),
    takes: { 'reset-password': undefined },
    refusal: 'TOKEN_INVALID',
  },
  {
    name: 'invites.preview',
    procedure: 'invites.preview',
    call: (token) => ({ body: { token } }),
    takes: { invite: undefined },
    refusal: 'TOKEN_INVALID',
  },
  {
    name: 'invites.accept',
    procedure: 'invites.accept',
    call: (token) => ({ body: { token, password: PASSWORD, fullName: 'Grace Hopper' } }),
    takes: { invite: undefined },
    refusal: 'TOKEN_INVALID',
  },
];

/** Makes one valid token of each kind, for people in one tenant. */
async function mintAll(): Promise<Record<Kind, string>> {
  const { SECRET_KEY: keys } = parseEnv(place.env, SETTINGS.pick({ SECRET_KEY: true }));
  const mailed = (kind: MailedTokenKind, id: string, email: string): string =>
    mintMailedToken(keys, { kind, id, email });
  await using owner = connect(place.databaseOwnerUrl);
  const founder = await signUpTenant(place);
  slug = founder.slug;
  const root = await logIn(place, place.superuser);
  const { email } = founder;
  const lobby = await logIn(place, { email });
  const invited = freshEmail();
  const invite = await founder.client.invites.create.mutate({ email: invited, role: 'member' });
  const { key } = await founder.client.apiKeys.create.mutate({ name: 'CI', role: 'admin' });
  const assumed = await root.client.admin.assumeIdentity.mutate({
    userId: founder.userId,
    tenantSlug: founder.slug,
    reason: 'every kind of token at every door',
  });
  const resetId = uuidv7();
  await owner.sql`
    insert into public.mail_requests (id, kind, email, expires_at)
    values (${resetId}, 'reset-password', ${email}, now() + interval '1 hour')`;
  const verificationId = uuidv7();
  const signingUp = freshEmail();
  await owner.sql`
    insert into public.sign_ups (id, email, full_name, password_hash, tenant_id, verification_id, verification_expires_at)
    values (${uuidv7()}, ${signingUp}, 'Grace', 'no hash', ${founder.tenantId}, ${verificationId}, now() + interval '1 day')`;
  return {
    access: founder.tokens().accessToken,
    'lobby access': lobby.login.accessToken,
    'assumed identity': assumed.accessToken,
    'API key': key,
    refresh: founder.tokens().refreshToken,
    'verify-email': mailed('verify-email', verificationId, signingUp),
    'reset-password': mailed('reset-password', resetId, email),
    invite: mailed('invite', invite.id, invited),
  };
}

beforeAll(async () => {
  tokens = await mintAll();
});

for (const { mount, name, procedure, call, takes, refusal } of onBothMounts(PLACES)) {
  const wrong = KINDS.filter((kind) => !(kind in takes));
  test(`${mount}: ${name} refuses every token made for another purpose`, async () => {
    for (const kind of wrong) {
      const answer = await callOn(mount, place.url, procedure, call(tokens[kind]));
      expect([kind, reasonOf(answer)]).toEqual([kind, refusal]);
    }
  });
}

for (const kind of KINDS) {
  test(`the ${kind} token that was refused above is valid for its own purpose`, async () => {
    // New tokens each time, and the accepted ones last: some calls use their token up, and a reset ends sessions.
    const fresh = await mintAll();
    for (const { name, procedure, call, takes } of PLACES) {
      if (!(kind in takes)) continue;
      const answer = await callOn('REST', place.url, procedure, call(fresh[kind]));
      expect([name, reasonOf(answer)]).toEqual([name, takes[kind]]);
    }
  });
}
