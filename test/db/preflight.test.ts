import { randomBytes } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { assertAppRole, lobbyIsCurrent } from '../../db/migrations/preflight.ts';
import { connect, superuserUrl } from '../support/database.ts';
import { openPool } from '../support/pool-open.ts';
import { scratchDatabase } from './scratch.ts';

// The server starts only with the app's role, not with a stronger one.
const stack = inject('stack');

const check = async (url: string): Promise<void> => {
  await using held = openPool(url, 1);
  await assertAppRole(held.pool);
};

test("the server starts with the app's role", async () => {
  await expect(check(stack.databaseUrl)).resolves.toBeUndefined();
});

test('the server refuses to start as the owner', async () => {
  await expect(check(stack.databaseOwnerUrl)).rejects.toThrow(
    /logs in as atrium_owner, which has .*ownership of tables/,
  );
});

test('the server refuses to start as a superuser', async () => {
  await expect(check(stack.databaseAdminUrl)).rejects.toThrow(/logs in as postgres, which has .*SUPERUSER/);
});

test.each([
  ['bypassrls', 'BYPASSRLS'],
  ['createrole', 'CREATEROLE'],
  ['superuser', 'SUPERUSER'],
  ['in role atrium_owner', 'ownership'],
  ['noinherit in role atrium_owner', 'ownership'],
])('the server refuses to start as a role that is %s', async (attribute, told) => {
  await using admin = connect(superuserUrl(stack, stack.databaseUrl));
  const name = `planted_${randomBytes(5).toString('hex')}`;
  await admin.sql.unsafe(`create role ${name} login password 'planted' ${attribute}`);
  try {
    await admin.sql.unsafe(`grant connect on database atrium to ${name}`);
    const url = new URL(stack.databaseUrl);
    url.username = name;
    url.password = 'planted';
    await expect(check(url.href)).rejects.toThrow(told);
  } finally {
    await admin.sql.unsafe(`revoke all on database atrium from ${name}`);
    await admin.sql.unsafe(`drop role ${name}`);
  }
});

test('the server is not ready while the lobby is not at the version of the code', async () => {
  await using current = openPool(stack.databaseUrl, 1);
  expect(await lobbyIsCurrent(current.pool)).toBe(true);
  await using scratch = await scratchDatabase(stack);
  await using empty = openPool(scratch.databaseUrl, 1);
  await expect(lobbyIsCurrent(empty.pool)).rejects.toThrow();
});
