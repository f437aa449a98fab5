import type { Reason } from '../../core/errors.ts';
import { CALLERS, DEAD, type Who } from './callers.ts';

export type Expected = 'ok' | Reason;
/** The expected answer to each kind of caller. */
export type Row = Readonly<Record<Who, Expected>>;
type People = 'lobby' | 'member' | 'admin' | 'foreign' | 'removed' | 'superuser';
type Change = Partial<Row>;

// The usual levels. They refuse API keys and assumed identities. The rows of the table allow these where needed.

/** Every caller, even with invalid credentials. */
export const PUBLIC: Row = each(CALLERS, 'ok');

export const USER = level({
  lobby: 'ok',
  member: 'ok',
  admin: 'ok',
  foreign: 'ok',
  removed: 'ok',
  superuser: 'ok',
});

export const MEMBER = level({
  lobby: 'TENANT_MISMATCH',
  member: 'ok',
  admin: 'ok',
  foreign: 'TENANT_MISMATCH',
  removed: 'TENANT_NOT_FOUND',
  superuser: 'TENANT_MISMATCH',
});

export const ADMIN = level({
  lobby: 'TENANT_MISMATCH',
  member: 'FORBIDDEN',
  admin: 'ok',
  foreign: 'TENANT_MISMATCH',
  removed: 'TENANT_NOT_FOUND',
  superuser: 'TENANT_MISMATCH',
});

export const SUPERUSER = level({
  lobby: 'FORBIDDEN',
  member: 'FORBIDDEN',
  admin: 'FORBIDDEN',
  foreign: 'FORBIDDEN',
  removed: 'FORBIDDEN',
  superuser: 'ok',
});

// Changes to a level.

export const KEYS = { memberKey: 'ok', adminKey: 'ok' } satisfies Change;
export const ADMIN_KEY = { adminKey: 'ok' } satisfies Change;

/** Under an assumed identity, as a member or an admin. */
export const SEEN_AS_MEMBER = {
  readAsMember: 'ok',
  writeAsMember: 'ok',
  readAsAdmin: 'ok',
  writeAsAdmin: 'ok',
} satisfies Change;
export const SEEN_AS_ADMIN = { readAsAdmin: 'ok', writeAsAdmin: 'ok' } satisfies Change;
export const DONE_AS_MEMBER = { writeAsMember: 'ok', writeAsAdmin: 'ok' } satisfies Change;
export const DONE_AS_ADMIN = { writeAsAdmin: 'ok' } satisfies Change;

/** Only members of the tenant in the input get an answer about it. */
export const ITS_MEMBERS = {
  foreign: 'TENANT_NOT_FOUND',
  removed: 'TENANT_NOT_FOUND',
  superuser: 'TENANT_NOT_FOUND',
} satisfies Change;

function level(people: Readonly<Record<People, Expected>>): { reads: Row; writes: Row } {
  const reads: Row = {
    anonymous: 'UNAUTHENTICATED',
    ...people,
    memberKey: 'FORBIDDEN',
    adminKey: 'FORBIDDEN',
    readAsMember: 'FORBIDDEN',
    writeAsMember: 'FORBIDDEN',
    readAsAdmin: 'FORBIDDEN',
    writeAsAdmin: 'FORBIDDEN',
    ...each(DEAD, 'UNAUTHENTICATED'),
  };
  return { reads, writes: { ...reads, readAsMember: 'READ_ONLY_IDENTITY', readAsAdmin: 'READ_ONLY_IDENTITY' } };
}

function each<Key extends string>(keys: readonly Key[], expected: Expected): Record<Key, Expected>;
function each(keys: readonly string[], expected: Expected): Record<string, Expected> {
  return Object.fromEntries(keys.map((key) => [key, expected]));
}
