import type postgres from 'postgres';

/** @returns every row of every table of the lobby, as text */
export async function lobbyText(owner: postgres.Sql): Promise<string> {
  const tables = await owner<{ name: string }[]>`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`;
  const rows = await Promise.all(
    tables.map(({ name }) => owner<{ text: string }[]>`select to_jsonb(t)::text as text from public.${owner(name)} t`),
  );
  return rows.flatMap((found) => found.map(({ text }) => text)).join('\n');
}

/** @returns every string within a value, and its bytes as text, since Temporal's payloads are bytes */
export function allText(value: unknown): string {
  const found: string[] = [];
  const seen = new Set<unknown>();
  const look = (inner: unknown): void => {
    if (typeof inner === 'string') found.push(inner);
    if (typeof inner !== 'object' || inner === null || seen.has(inner)) return;
    seen.add(inner);
    if (inner instanceof Uint8Array) found.push(Buffer.from(inner).toString('utf8'));
    else for (const each of Object.values(inner)) look(each);
  };
  look(value);
  return found.join('\n');
}
