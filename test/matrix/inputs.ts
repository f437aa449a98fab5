import { freshEmail, freshSlug, PASSWORD } from '../support/people.ts';
import { PRODUCT_INPUTS } from '../product/matrix.ts';
import { freshSignUp } from '../support/sign-ups.ts';
import type { Caller } from './cast.ts';
import { makeIdentity, makeKey, makePerson, makeRefreshToken, makeSession } from './people.ts';
import { PAGE, type MakeInput } from './make-input.ts';
import type { ProcedurePath } from './procedures.ts';
import type { Stage } from './stage.ts';
import { freshName, makeFailedTenant, makeInvite, makeReset, makeSignUp } from './things.ts';

const NEW_PASSWORD = 'seven-lanterns-float-past-the-otter';

/** A valid input for each procedure, about things of its own, so that a refusal can only be about the caller. */
const INPUTS: { readonly [Path in ProcedurePath]: MakeInput<Path> } = {
  'auth.register': freshSignUp,
  'auth.previewSignUp': async (stage) => ({ token: (await makeSignUp(stage)).token }),
  'auth.verifyEmail': async (stage) => ({ token: (await makeSignUp(stage)).token }),
  'auth.resendVerification': () => ({ email: freshEmail('nobody') }),
  'auth.login': async (stage) => ({ email: (await newMember(stage)).email, password: PASSWORD }),
  'auth.refresh': async (stage) => {
    const { sessionId } = await newMember(stage);
    return { refreshToken: await makeRefreshToken(stage, sessionId, stage.home.tenantId) };
  },
  'auth.requestPasswordReset': () => ({ email: freshEmail('nobody') }),
  'auth.resetPassword': async (stage) => {
    const { email } = await newMember(stage);
    return { token: (await makeReset(stage, email)).token, newPassword: NEW_PASSWORD };
  },
  'auth.switchTenant': async (stage, { person }) => ({
    tenantSlug: stage.home.slug,
    refreshToken: await makeRefreshToken(stage, person.sessionId, stage.home.tenantId),
  }),
  'auth.logout': () => undefined,
  'auth.logoutAll': () => undefined,
  'auth.changePassword': () => ({ currentPassword: PASSWORD, newPassword: NEW_PASSWORD }),
  'auth.sessions': () => PAGE,
  'auth.revokeSession': async (stage, { person }) => ({ id: await makeSession(stage, person.userId) }),

  'users.me': () => undefined,
  'users.updateMe': () => ({ fullName: 'Rear Admiral Hopper' }),
  'users.myTenants': () => PAGE,

  'tenants.create': () => ({ name: 'Another', slug: freshSlug() }),
  'tenants.status': ({ home }) => ({ slug: home.slug }),
  'tenants.onStatus': ({ home }) => ({ slug: home.slug }),
  'tenants.get': () => undefined,
  'tenants.update': () => ({ name: freshName('Acme') }),

  'members.list': () => PAGE,
  'members.updateRole': async (stage) => ({ userId: (await newMember(stage)).userId, role: 'admin' }),
  'members.remove': async (stage) => ({ userId: (await newMember(stage)).userId }),
  'members.leave': () => undefined,

  'invites.create': () => ({ email: freshEmail('invited'), role: 'member' }),
  'invites.list': () => PAGE,
  'invites.get': async (stage) => ({ id: (await makeInvite(stage, stage.home)).id }),
  'invites.resend': async (stage) => ({ id: (await makeInvite(stage, stage.home)).id }),
  'invites.revoke': async (stage) => ({ id: (await makeInvite(stage, stage.home)).id }),
  'invites.preview': async (stage) => ({ token: (await makeInvite(stage, stage.open)).token }),
  // Without a token the invite is for an address without an account.
  'invites.accept': async (stage, { token, person }) => ({
    token: (await makeInvite(stage, stage.open, token === undefined ? undefined : person.email)).token,
    password: NEW_PASSWORD,
    fullName: 'Grace Hopper',
  }),

  'audit.list': () => PAGE,
  'audit.history': async (stage) => ({ entityType: 'invite', entityId: (await makeInvite(stage, stage.home)).id }),
  'audit.verify': () => undefined,

  'apiKeys.create': () => ({ name: 'CI', role: 'member' }),
  'apiKeys.list': () => PAGE,
  'apiKeys.revoke': async (stage) => ({ id: (await newKey(stage)).id }),

  'admin.retryProvisioning': async (stage) => ({ slug: await makeFailedTenant(stage) }),
  'admin.users': () => PAGE,
  'admin.disableUser': async (stage) => ({ id: (await newMember(stage)).userId }),
  'admin.enableUser': async (stage) => ({ id: (await makePerson(stage, { disabled: true })).userId }),
  'admin.audit': () => PAGE,
  'admin.assumeIdentity': async (stage) => ({
    userId: (await newMember(stage)).userId,
    tenantSlug: stage.home.slug,
    reason: 'To see what they see',
    mode: 'write',
  }),
  'admin.endAssumedIdentity': async (stage) => {
    const operator = await makePerson(stage, { isSuperuser: true });
    const { userId } = await newMember(stage);
    return { id: await makeIdentity(stage, { operator, userId, tenantId: stage.home.tenantId, mode: 'read' }) };
  },
  'admin.assumedIdentities': () => PAGE,

  ...PRODUCT_INPUTS,
};

/** @throws Error for a procedure without an input here */
export async function inputFor(path: string, stage: Stage, caller: Caller): Promise<object | undefined> {
  if (!isNamed(path)) throw new Error(`${path} has no input in test/matrix/inputs.ts`);
  return (await INPUTS[path](stage, caller)) ?? undefined;
}

function isNamed(path: string): path is ProcedurePath {
  return Object.hasOwn(INPUTS, path);
}

const newMember = (stage: Stage) => makePerson(stage, { tenantId: stage.home.tenantId });
const newKey = (stage: Stage) => makeKey(stage, { tenantId: stage.home.tenantId, role: 'member' });
