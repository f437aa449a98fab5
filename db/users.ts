import { insertOnly } from './insert.ts';
import { users } from './lobby.ts';
import type { Tx } from './lane.ts';

/** Adds a person whose e-mail is proven. The server may not write every column, hence not by Drizzle's insert. */
export async function insertUser(
  tx: Tx,
  user: { id: string; email: string; fullName: string; passwordHash: string },
): Promise<void> {
  await tx.execute(insertOnly(users, user));
}
