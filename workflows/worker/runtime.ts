import { DefaultLogger, makeTelemetryFilterString, Runtime, type LogLevel } from '@temporalio/worker';
import type { Log } from '../../core/log/log.ts';

/** Sets up the Temporal runtime of this process. Call it once, before the first connection. */
export function installRuntime(log: Log): void {
  Runtime.install({
    // The SDK's handlers would swallow signals until there is a worker.
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => log[pinoLevel(level)](meta ?? {}, message)),
    // By default the SDK's native part writes coloured lines to standard output.
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
  });
}

function pinoLevel(level: LogLevel): 'trace' | 'debug' | 'info' | 'warn' | 'error' {
  switch (level) {
    case 'TRACE':
      return 'trace';
    case 'DEBUG':
      return 'debug';
    case 'INFO':
      return 'info';
    case 'WARN':
      return 'warn';
    case 'ERROR':
      return 'error';
  }
}
