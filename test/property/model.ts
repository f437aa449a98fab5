/** The index of a tenant. */
export type TenantIndex = 0 | 1;
export type Role = 'admin' | 'member';

/** The expected state of the product. Things have indexes. There is no clock, because `timePasses` is an action. */
export interface Model {
  people: Person[];
  sessions: { person: number; ended: boolean }[];
  accessTokens: { session: number; tenant: TenantIndex | null }[];
  refreshTokens: RefreshToken[];
  invites: Invite[];
  keys: { tenant: TenantIndex; role: Role; revoked: boolean }[];
  resets: { person: number; used: boolean }[];
}

export interface Person {
  name: string;
  account: 'none' | 'enabled' | 'disabled';
  password: number;
  /** The previous password, which must not work any more. */
  former: number;
  roles: [Role | null, Role | null];
}

export interface RefreshToken {
  session: number;
  tenant: TenantIndex | null;
  /** `grace`: used, and within the grace. */
  use: 'unused' | 'grace' | 'past';
  /** `short`: retired by a new password, so it expires with the grace. */
  life: 'long' | 'short' | 'over';
  successor: number | null;
}

export interface Invite {
  tenant: TenantIndex;
  person: number;
  role: Role;
  by: number;
  state: 'open' | 'accepted' | 'revoked';
}

/** @returns the item at an index @throws Error if there is none */
export function item<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`The model has nothing at ${index}`);
  return found;
}

/** @returns the first state: four people with an account and a session, and one without both */
export function beginning(): Model {
  const model: Model = {
    people: [],
    sessions: [],
    accessTokens: [],
    refreshTokens: [],
    invites: [],
    keys: [],
    resets: [],
  };
  const add = (name: string, roles: Person['roles'], tenant: TenantIndex | null): void => {
    const person = model.people.push({ name, account: 'enabled', password: 0, former: -1, roles }) - 1;
    openSession(model, person, tenant);
  };
  add('Ada', ['admin', 'member'], 0);
  add('Ben', ['admin', 'admin'], 1);
  add('Cleo', ['member', null], 0);
  add('Dan', [null, null], null);
  model.people.push({ name: 'Eve', account: 'none', password: -1, former: -1, roles: [null, null] });
  return model;
}

/** Starts a session with a pair of tokens. */
export function openSession(model: Model, person: number, tenant: TenantIndex | null): void {
  const session = model.sessions.push({ person, ended: false }) - 1;
  handOut(model, session, tenant);
}

/** Adds a pair of tokens. @returns the refresh token's index */
export function handOut(
  model: Model,
  session: number,
  tenant: TenantIndex | null,
  life: RefreshToken['life'] = 'long',
): number {
  model.accessTokens.push({ session, tenant });
  return model.refreshTokens.push({ session, tenant, use: 'unused', life, successor: null }) - 1;
}

/** Whether the use of a refresh token is reuse: the grace of its first use or of its retirement is over. */
export function isReuse({ use, life }: RefreshToken): boolean {
  return use === 'past' || life === 'over';
}

/** @returns the person of an access token, and whether its session is live */
export function holderOf(model: Model, token: number) {
  const { session, tenant } = item(model.accessTokens, token);
  const { person, ended } = item(model.sessions, session);
  const holder = item(model.people, person);
  const role = tenant === null ? null : holder.roles[tenant];
  return { session, tenant, person, holder, role, live: !ended };
}

/** @returns the reason why a call in the token's tenant is refused, or `undefined` if it is allowed */
export function refusedInTenant(model: Model, token: number, roles: readonly Role[] = ['admin', 'member']) {
  const { live, tenant, role } = holderOf(model, token);
  if (!live) return 'UNAUTHENTICATED';
  if (tenant === null) return 'TENANT_MISMATCH';
  if (role === null) return 'TENANT_NOT_FOUND';
  return roles.includes(role) ? undefined : 'FORBIDDEN';
}

/** Whether a tenant has another admin who can log in. */
export function hasAdminBeside(model: Model, tenant: TenantIndex, person: number): boolean {
  return model.people.some(
    ({ account, roles }, index) => index !== person && account === 'enabled' && roles[tenant] === 'admin',
  );
}
