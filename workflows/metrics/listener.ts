import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mayReadMetrics } from '../../core/metrics/bearer.ts';
import type { WorkerMetrics } from '../../core/metrics/worker.ts';

export interface MetricsListener {
  readonly address: AddressInfo | string | null;
  close(): Promise<void>;
}

/** Serves the worker's metrics to Prometheus at `/metrics`. Every other path is 404. */
export async function listenForMetrics(options: {
  host: string;
  port: number;
  token: string | undefined;
  metrics: WorkerMetrics;
}): Promise<MetricsListener> {
  const { host, port, token, metrics } = options;
  const server = createServer((request, response) => {
    const [path] = (request.url ?? '').split('?');
    if (path !== '/metrics') {
      response.writeHead(404).end();
    } else if (!mayReadMetrics(token, request.headers.authorization)) {
      response.writeHead(401, { 'WWW-Authenticate': 'Bearer' }).end();
    } else {
      void metrics.registry.metrics().then(
        (text) =>
          response
            .writeHead(200, { 'Content-Type': metrics.registry.contentType, 'Cache-Control': 'no-store' })
            .end(text),
        () => response.writeHead(500).end(),
      );
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return {
    address: server.address(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
