import { connect, type Socket } from 'node:net';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { unreachable } from './errors.ts';

/** The client of one lane, with its single connection. */
export interface LaneClient {
  client: postgres.Sql;
  /** Closes the connection at once. */
  destroy: () => void;
}

/**
 * A client with one connection. It connects on first use, and never again.
 * @param onLost called when the connection is lost, with the cause if it is known
 */
export function openLaneClient(url: string, name: string, onLost: (cause?: unknown) => void): LaneClient {
  let socket: Socket | undefined;
  const options = {
    max: 1,
    // Otherwise postgres.js may close the connection in the middle of a transaction.
    max_lifetime: null,
    idle_timeout: 0,
    connect_timeout: 10,
    fetch_types: false,
    onnotice: () => undefined,
    onclose: () => onLost(),
    connection: { application_name: name },
    // Without this, postgres.js would reconnect and run the remaining statements of a transaction outside of it.
    socket({ host, port, path }: { host: string[]; port: number[]; path?: string | false }): Socket {
      if (socket) throw unreachable(new Error('A lane connects once'));
      const connected = path ? connect(path) : connect(port[0] ?? 5432, host[0]);
      // These listeners run before those of postgres.js, which between error and close accepts queries it never answers.
      connected.once('error', onLost).once('close', () => onLost());
      // postgres.js takes the host name for the TLS certificate from here.
      socket = Object.assign(connected, { host: host[0], port: port[0] });
      return socket;
    },
  };
  const client = postgres(url, options);
  // Called for its side effect: it turns off the client's parsers of times, since Drizzle parses them itself.
  drizzle(client);
  return { client, destroy: () => void socket?.destroy() };
}
