import { connect, type Socket } from 'node:net';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { unreachable } from './errors.ts';

/** The client of one lane, and its one connection. */
export interface LaneClient {
  client: postgres.Sql;
  /** Closes the connection at once. */
  destroy: () => void;
}

/**
 * A client with one connection, which it makes on first use, once.
 * @param onLost hears that the connection is gone, and why, as far as that is known
 */
export function openLaneClient(url: string, name: string, onLost: (cause?: unknown) => void): LaneClient {
  let socket: Socket | undefined;
  const options = {
    max: 1,
    // A connection that ended by itself in mid-transaction would take the transaction with it.
    max_lifetime: null,
    idle_timeout: 0,
    connect_timeout: 10,
    fetch_types: false,
    onnotice: () => undefined,
    onclose: () => onLost(),
    connection: { application_name: name },
    // postgres.js would connect anew, and run what is left of a transaction there: as another's, or nobody's.
    socket({ host, port, path }: { host: string[]; port: number[]; path?: string | false }): Socket {
      if (socket) throw unreachable(new Error('A lane connects once'));
      const connected = path ? connect(path) : connect(port[0] ?? 5432, host[0]);
      // Heard here before postgres.js: between a socket's error and its close it takes more queries, and forgets them.
      connected.once('error', onLost).once('close', () => onLost());
      // Where postgres.js looks for the name that a TLS certificate must have.
      socket = Object.assign(connected, { host: host[0], port: port[0] });
      return socket;
    },
  };
  const client = postgres(url, options);
  // Called for what it does to the client: Drizzle reads times itself.
  drizzle(client);
  return { client, destroy: () => void socket?.destroy() };
}
