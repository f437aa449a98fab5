import type { Who } from './callers.ts';
import { forge } from './forge.ts';
import { makeIdentity, makeKey, makePerson, makeRefreshToken, type Person, type PersonWish } from './people.ts';
import type { Stage } from './stage.ts';
import { makeInvite, makeReset, makeSignUp } from './things.ts';

export interface Caller {
  token: string | undefined;
  /** The person whose things the call is about. */
  person: Person;
  /** The actor in the audit log. It is undefined if the token proves no identity. */
  known: Known | undefined;
}

export interface Known {
  type: 'user' | 'apiKey';
  id: string;
  operatorId: string | null;
  /** The tenant of the token. */
  tenantId: string | null;
}

/** Makes a new caller, so that a call cannot end or change anything that another call uses. */
export function makeCaller(stage: Stage, who: Who): Promise<Caller> {
  return MAKERS[who](stage);
}

const MAKERS: Readonly<Record<Who, (stage: Stage) => Promise<Caller>>> = {
  anonymous: async (stage) => ({ token: undefined, person: await makePerson(stage), known: undefined }),
  lobby: (stage) => inSession(stage, { tenantId: stage.home.tenantId }, null),
  member: (stage) => inSession(stage, { tenantId: stage.home.tenantId }),
  admin: (stage) => inSession(stage, adminOf(stage)),
  foreign: (stage) => inSession(stage, { tenantId: stage.away.tenantId, role: 'admin' }, stage.away.tenantId),
  removed: (stage) => inSession(stage, {}),
  superuser: (stage) => inSession(stage, { isSuperuser: true }, null),
  memberKey: (stage) => byKey(stage, { role: 'member' }),
  adminKey: (stage) => byKey(stage, { role: 'admin' }),
  readAsMember: (stage) => assumed(stage, { role: 'member', mode: 'read' }),
  writeAsMember: (stage) => assumed(stage, { role: 'member', mode: 'write' }),
  readAsAdmin: (stage) => assumed(stage, { role: 'admin', mode: 'read' }),
  writeAsAdmin: (stage) => assumed(stage, { role: 'admin', mode: 'write' }),

  refreshToken: (stage) => by(stage, ({ sessionId }) => makeRefreshToken(stage, sessionId, stage.home.tenantId)),
  verifyEmailToken: (stage) => by(stage, async () => (await makeSignUp(stage)).token),
  resetPasswordToken: (stage) => by(stage, async ({ email }) => (await makeReset(stage, email)).token),
  inviteToken: (stage) => by(stage, async ({ email }) => (await makeInvite(stage, stage.home, email)).token),
  expiredToken: (stage) => by(stage, (person) => forge(stage, person, { lives: -1 })),
  tokenOfAnotherType: (stage) => by(stage, (person) => forge(stage, person, { typ: 'JWT' })),
  tokenOfAnotherAudience: (stage) => by(stage, (person) => forge(stage, person, { aud: 'atrium:mail' })),
  revokedKey: async (stage) => nobody(await byKey(stage, { role: 'admin', over: 'revoked' })),
  expiredKey: async (stage) => nobody(await byKey(stage, { role: 'admin', over: 'expired' })),
  revokedSession: (stage) => inSession(stage, { ...adminOf(stage), revoked: true }),
  disabledUser: (stage) => inSession(stage, { ...adminOf(stage), disabled: true }),
  endedIdentity: (stage) => assumed(stage, { role: 'admin', mode: 'write', ended: true }),
};

function adminOf({ home }: Stage): PersonWish {
  return { tenantId: home.tenantId, role: 'admin' };
}

/** @param tenantId the tenant of the token; `null` for the lobby */
async function inSession(stage: Stage, wish: PersonWish, tenantId: string | null = stage.home.tenantId) {
  const person = await makePerson(stage, wish);
  const { userId: sub, sessionId: sid } = person;
  return {
    token: await stage.accessTokens.sign({ sub, sid, ...(tenantId !== null && { tid: tenantId }) }),
    person,
    known: { type: 'user', id: sub, operatorId: null, tenantId },
  } satisfies Caller;
}

async function byKey(stage: Stage, wish: { role: 'admin' | 'member'; over?: 'revoked' | 'expired' }) {
  const { tenantId } = stage.home;
  const { id, key } = await makeKey(stage, { tenantId, ...wish });
  return {
    token: key,
    person: await makePerson(stage, adminOf(stage)),
    known: { type: 'apiKey', id, operatorId: null, tenantId },
  } satisfies Caller;
}

async function assumed(
  stage: Stage,
  wish: { role: 'admin' | 'member'; mode: 'read' | 'write'; ended?: boolean },
): Promise<Caller> {
  const { role, ...terms } = wish;
  const { tenantId } = stage.home;
  const operator = await makePerson(stage, { isSuperuser: true });
  const person = await makePerson(stage, { tenantId, role });
  const { userId: sub } = person;
  const sid = await makeIdentity(stage, { operator, userId: sub, tenantId, ...terms });
  return {
    token: await stage.accessTokens.sign({ sub, sid, tid: tenantId, act: { sub: operator.userId } }),
    person,
    known: { type: 'user', id: sub, operatorId: operator.userId, tenantId },
  };
}

/** Makes an admin of the tenant who sends another kind of token. */
async function by(stage: Stage, make: (person: Person) => Promise<string>): Promise<Caller> {
  const person = await makePerson(stage, adminOf(stage));
  return { token: await make(person), person, known: undefined };
}

function nobody(caller: Caller): Caller {
  return { ...caller, known: undefined };
}
