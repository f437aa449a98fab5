import { freePort } from '../../dev/ports.ts';
import type { SharedStack } from '../support/global-setup.ts';
import { startOwnStack } from '../support/own-stack.ts';
import { startCollector } from './collector.ts';

/** Starts a stack that sends all its spans to a collector, and whose worker serves metrics. */
export async function startWatchedStack(shared: SharedStack) {
  const metricsToken = 'token-of-the-metrics';
  const collector = await startCollector();
  const workerPort = await freePort();
  const stack = await startOwnStack(shared, {
    extraEnv: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_TRACES_SAMPLER_ARG: '1',
      METRICS_TOKEN: metricsToken,
      WORKER_METRICS_PORT: String(workerPort),
    },
  });
  return {
    stack,
    collector,
    workerUrl: `http://127.0.0.1:${workerPort}`,
    metricsToken,
    remove: async () => {
      await stack.remove();
      await collector[Symbol.asyncDispose]();
    },
  };
}
