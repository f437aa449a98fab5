export { withLocalDefaults } from './local.ts';
export { EnvError, parseEnv, SERVER_SETTINGS, WORKER_SETTINGS, type Env, type Source } from './parse.ts';
export { SETTINGS, type SettingName } from './settings.ts';
