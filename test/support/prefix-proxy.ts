import { once } from 'node:events';
import { createServer, request as send } from 'node:http';

/** A reverse proxy that serves a server below a path, like `location /atrium/ { proxy_pass http://server/; }` in nginx. */
export interface PrefixProxy extends AsyncDisposable {
  /** The URL of the server through the proxy, with the path. */
  readonly url: string;
  /** Requested paths that are not below the server's path. */
  readonly strays: readonly string[];
}

/** @param prefix the path, such as `/atrium` @param port the proxy's port @param target the server's URL */
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
