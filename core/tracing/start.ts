import { context, trace } from '@opentelemetry/api';
import { within } from '../within.ts';

export interface Tracing {
  /** Sends what is left, for some seconds at most. */
  stop(): Promise<void>;
}

/** How long the last spans may take to leave, in ms. */
const LAST_MS = 3_000;

/**
 * Sends spans to an OpenTelemetry collector, or does nothing where there is none: not even its code is loaded then.
 * Called once, by an entry: the spans of a process go one way.
 * @param options.endpoint `OTEL_EXPORTER_OTLP_ENDPOINT`, below which `/v1/traces` takes spans as JSON over HTTP
 */
export async function startTracing(options: {
  endpoint: string | undefined;
  service: string;
  version: string;
  /** The share of traces to keep, from 0 to 1, of those that begin here: others were decided on by who began them. */
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
