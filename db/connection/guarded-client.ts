import type postgres from 'postgres';

/** For a text without parameters, postgres.js uses the simple protocol, which can run several statements at once. */
export const EXTENDED_PROTOCOL = { simple: false };
/** The maximum of named statements of a connection. Each takes 16 KB in PostgreSQL. Others take one more round trip. */
const NAMED_AT_MOST = 500;
/** The statements that a procedure may send. SET, RESET, COMMIT, DO and others could leave the tenant. */
const ALLOWED = /^\s*(select|insert|update|delete|with|merge)\b/i;

/** @returns a function that says whether a statement may be named; the first ones may */
export function createNames(): (text: string) => boolean {
  const named = new Set<string>();
  return (text) => {
    if (named.size < NAMED_AT_MOST) named.add(text);
    return named.has(text);
  };
}

/**
 * The client for Drizzle in one transaction. It sends only queries, each with one statement, and opens no transaction.
 * @param options.share the id of the transaction's tenant, if it has one
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
    // A named statement keeps the parameter types of the schema in which it was first used, and each tenant has its own
    // enums. So the statement's text includes the tenant.
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
