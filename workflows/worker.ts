import { EnvError, parseEnv, warningsOf, withLocalDefaults, WORKER_SETTINGS } from '../core/env/index.ts';
import { createLog } from '../core/log/log.ts';
import { runWorker } from './worker/run.ts';
import { createStopping } from './worker/stopping.ts';

async function main(): Promise<void> {
  const env = parseEnv(withLocalDefaults(process.env), WORKER_SETTINGS);
  const log = createLog({ name: 'worker', format: env.NODE_ENV === 'production' ? 'json' : 'pretty' });
  for (const warning of warningsOf(env)) log.warn(warning);
  // Signals are handled before the first step that can block, such as connecting to a Temporal that does not answer.
  const stopping = createStopping(process, log);
  await runWorker(env, { log, stopping }).catch((error: unknown) => {
    log.fatal({ err: error }, 'the worker cannot continue');
    process.exit(1);
  });
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof EnvError ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(1);
});
