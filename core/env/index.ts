export { withLocalDefaults } from './local.ts';
export { SETTINGS } from './settings.ts';
export {
  EnvError,
  MIGRATE_SETTINGS,
  parseEnv,
  SERVER_SETTINGS,
  SUPERUSER_SETTINGS,
  VERIFY_AUDIT_SETTINGS,
  WORKER_SETTINGS,
} from './parse.ts';
export { warningsOf } from './warnings.ts';
