import { once } from 'node:events';
import { createServer, request as send } from 'node:http';

/** A reverse proxy that has a server below a path, as `location /atrium/ { proxy_pass http://server/; }` of nginx does. */
export interface PrefixProxy extends AsyncDisposable {
  /** Where the server is reached, with the path. */
  readonly url: string;
  /** Paths that were asked for outside of the server's. */
  readonly strays: readonly string[];
}

/** @param prefix as in `/atrium` @param port of the proxy @param target the server's URL */
export async function startPrefixProxy(prefix: string, port: number, target: string): Promise<PrefixProxy> {
  const strays: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '/';
    if (!path.startsWith(`${prefix}/`)) {
      strays.push(path);
      outgoing.writeHead(404).end('Not here');
      return;
    }
    const { method, headers } = incoming;
    const passed = send(`${target}${path.slice(prefix.length)}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    outgoing.on('close', () => passed.destroy());
    incoming.pipe(passed);
  });
  server.listen({ port, host: '127.0.0.1' });
  await once(server, 'listening');
  return {
    url: `http://localhost:${port}${prefix}`,
    strays,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
