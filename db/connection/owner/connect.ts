import postgres from 'postgres';

/** Connections of the owner, for migrations and provisioning. The server has none. */
export type Owner = postgres.Sql;
/** A transaction of the owner. */
export type OwnerTx = postgres.TransactionSql;

/** @param url `DATABASE_OWNER_URL`; not through a pooler, since LISTEN and advisory locks need a direct connection */
export function connectOwner(url: string, options: { max: number; name: string }): Owner {
  return postgres(url, {
    max: options.max,
    onnotice: () => undefined,
    connect_timeout: 10,
    // The text of DDL has the tenant's name, so prepared statements would pile up on a long-lived connection.
    prepare: false,
    connection: { application_name: options.name, search_path: '' },
  });
}
