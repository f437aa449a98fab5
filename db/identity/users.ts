import { eq } from 'drizzle-orm';
import { insertOnly } from '../connection/insert.ts';
import { memberships, tenants, users } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';

/** Adds a person whose e-mail is proven. The server may not write every column, hence not by Drizzle's insert. */
export async function insertUser(
  tx: Tx,
  user: { id: string; email: string; fullName: string; passwordHash: string },
): Promise<void> {
  await tx.execute(insertOnly(users, user));
}

/** What a guesser of the user's password knows: who they are, and what their tenants are called. */
export async function wordsAbout(
  tx: Tx,
  { id, email, fullName }: { id: string; email: string; fullName: string },
): Promise<string[]> {
  const theirs = await tx
    .select({ name: tenants.name, slug: tenants.slug })
    .from(tenants)
    .innerJoin(memberships, eq(memberships.tenantId, tenants.id))
    .where(eq(memberships.userId, id))
    .limit(20);
  return [email, fullName, ...theirs.flatMap(({ name, slug }) => [name, slug])];
}
