import postgres from 'postgres';

/** The owner's connections: they migrate and provision. The server has none. */
export type Owner = postgres.Sql;
/** The owner inside a transaction. */
export type OwnerTx = postgres.TransactionSql;

/** @param url `DATABASE_OWNER_URL`: a direct connection, not through a pooler, for LISTEN and advisory locks */
export function connectOwner(url: string, options: { max: number; name: string }): Owner {
  return postgres(url, {
    max: options.max,
    onnotice: () => undefined,
    connect_timeout: 10,
    // DDL names a tenant in its text: prepared, a long-lived connection would keep a statement for each.
    prepare: false,
    connection: { application_name: options.name, search_path: '' },
  });
}
