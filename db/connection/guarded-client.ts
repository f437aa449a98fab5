import type postgres from 'postgres';

/** postgres.js takes the simple protocol for a text without parameters, and that runs several statements in one. */
export const EXTENDED_PROTOCOL = { simple: false };
/** Statements that a connection may name: some 16 KB each in PostgreSQL. What is not named takes a round trip more. */
const NAMED_AT_MOST = 500;
/** What a procedure may send. SET, RESET, COMMIT, DO and their like would lead out of the tenant. */
const ALLOWED = /^\s*(select|insert|update|delete|with|merge)\b/i;

/** Decides which statements of a connection are named, the first that come. */
export function createNames(): (text: string) => boolean {
  const named = new Set<string>();
  return (text) => {
    if (named.size < NAMED_AT_MOST) named.add(text);
    return named.has(text);
  };
}

/**
 * The client that Drizzle has within one transaction: it sends queries only, one at a time, and opens no transaction.
 * @param options.share the id of the tenant whose transaction it is, if it is one's
 * @param options.assertOpen throws once the transaction is over
 */
export function guardClient(
  client: postgres.Sql,
  options: { share: string | undefined; mayName: (text: string) => boolean; assertOpen: () => void },
): postgres.Sql {
  const { share, mayName, assertOpen } = options;
  const unsafe: typeof client.unsafe = (query, parameters, queryOptions) => {
    assertOpen();
    if (!ALLOWED.test(query)) {
      throw new Error(`A procedure may not send this statement: ${query.trimStart().slice(0, 20)}…`);
    }
    // A named statement keeps the parameter types of the schema it was first used in, and an enum of one tenant is not
    // the enum of another: so it is named by whose it is, too.
    const text = share === undefined ? query : `${query} /* ${share} */`;
    return client.unsafe(text, parameters, { ...queryOptions, ...EXTENDED_PROTOCOL, prepare: mayName(text) });
  };
  return new Proxy(client, {
    get(target, key) {
      if (key === 'unsafe') return unsafe;
      if (key === 'begin') throw new Error('A transaction is already open: use the one at hand');
      const value: unknown = Reflect.get(target, key);
      return value;
    },
  });
}
