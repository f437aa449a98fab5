import { context, trace } from '@opentelemetry/api';
import { within } from '../timeout.ts';

export interface Tracing {
  /** Sends the remaining spans, for at most 3 s. */
  stop(): Promise<void>;
}

/** How long sending the last spans may take, in ms. */
const LAST_MS = 3_000;

/**
 * Sends spans to an OpenTelemetry collector. Without an endpoint it does nothing, and loads no code of OpenTelemetry's SDK.
 * It is called once, at the entry of a process, since it sets the global tracer provider.
 * @param options.endpoint `OTEL_EXPORTER_OTLP_ENDPOINT`; spans are sent to `/v1/traces` below it as JSON over HTTP
 */
export async function startTracing(options: {
  endpoint: string | undefined;
  service: string;
  version: string;
  /** The share of traces to keep, from 0 to 1. A trace that began in another process follows its decision. */
  ratio: number;
}): Promise<Tracing> {
  const { endpoint, service, version, ratio } = options;
  if (endpoint === undefined) return { stop: async () => undefined };
  const [{ AsyncLocalStorageContextManager }, { OTLPTraceExporter }, { resourceFromAttributes }, sdk] =
    await Promise.all([
      import('@opentelemetry/context-async-hooks'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-trace'),
    ]);
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` });
  const provider = new sdk.TracerProvider({
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(ratio) }),
    resource: resourceFromAttributes({ 'service.name': service, 'service.version': version }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  return {
    stop: () =>
      within(
        LAST_MS,
        () => undefined,
        provider.shutdown().catch(() => undefined),
      ),
  };
}
