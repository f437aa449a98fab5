import { and, eq, isNull, sql } from 'drizzle-orm';
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

/** Whether the user is an operator of the platform, at this moment. */
export async function isSuperuser(tx: Tx, userId: string): Promise<boolean> {
  const found = await tx
    .select({ one: sql`1` })
    .from(users)
    .where(and(eq(users.id, userId), eq(users.isSuperuser, true), isNull(users.disabledAt)));
  return found.length > 0;
}
