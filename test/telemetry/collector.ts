import { createServer } from 'node:http';
import { freePort } from '../../dev/ports.ts';
import { at } from '../support/rest.ts';

/** A span that the collector received. */
export interface ToldSpan {
  service: unknown;
  name: unknown;
  traceId: unknown;
  spanId: unknown;
  parentSpanId: unknown;
  attributes: Readonly<Record<string, unknown>>;
  failed: boolean;
}

/** Receives traces as an OpenTelemetry collector does: as JSON over HTTP. */
export interface Collector extends AsyncDisposable {
  readonly endpoint: string;
  readonly spans: readonly ToldSpan[];
  /** The received bodies, as text. */
  readonly received: readonly string[];
}

export async function startCollector(): Promise<Collector> {
  const port = await freePort();
  const spans: ToldSpan[] = [];
  const received: string[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      received.push(text);
      if (request.url === '/v1/traces') spans.push(...spansIn(JSON.parse(text)));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans,
    received,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function spansIn(body: unknown): ToldSpan[] {
  return listOf(at(body, 'resourceSpans')).flatMap((resource) => {
    const service = attributesOf(at(resource, 'resource', 'attributes'))['service.name'];
    return listOf(at(resource, 'scopeSpans'))
      .flatMap((scope) => listOf(at(scope, 'spans')))
      .map((span) => ({
        service,
        name: at(span, 'name'),
        traceId: at(span, 'traceId'),
        spanId: at(span, 'spanId'),
        parentSpanId: at(span, 'parentSpanId'),
        attributes: attributesOf(at(span, 'attributes')),
        failed: at(span, 'status', 'code') === 2,
      }));
  });
}

function attributesOf(list: unknown): Record<string, unknown> {
  return Object.fromEntries(
    listOf(list).map((pair) => {
      const value = at(pair, 'value');
      const inner =
        typeof value === 'object' && value !== null ? new Map<string, unknown>(Object.entries(value)) : undefined;
      return [String(at(pair, 'key')), inner?.values().next().value];
    }),
  );
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
