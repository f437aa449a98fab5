import { eq } from 'drizzle-orm';
import { insertOnly } from '../connection/insert.ts';
import { memberships, tenants, users } from '../tables/lobby.ts';
import type { Tx } from '../connection/lane.ts';

/** Adds a user whose address is verified. Drizzle's insert would name columns that the server may not write. */
export async function insertUser(
  tx: Tx,
  user: { id: string; email: string; fullName: string; passwordHash: string },
): Promise<void> {
  await tx.execute(insertOnly(users, user));
}

/** @returns what an attacker may know of a user: address, name, and the names and slugs of their tenants */
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
