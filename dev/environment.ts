import { SETTINGS } from '../core/env/index.ts';

type Variables = Readonly<Record<string, string | undefined>>;

const isSetting = (name: string) => name in SETTINGS.shape;

/** The variables that a stack sets. The caller's values would point its parts elsewhere or keep them from starting. */
const OWN = new Set(['NODE_ENV', 'PORT', 'DATABASE_URL', 'DATABASE_OWNER_URL']);

/** @returns the caller's environment (PATH, HOME, proxies …) without Atrium's settings, for every part of a stack */
export function withoutSettings(source: Variables): Record<string, string> {
  return pick(source, (name) => !isSetting(name));
}

/** @returns the Atrium settings in the caller's environment that a development stack passes on to its parts */
export function settingsToPass(source: Variables): Record<string, string> {
  return pick(source, (name) => isSetting(name) && !OWN.has(name));
}

/** @returns the variables that are set and not empty */
export function withValues(source: Variables): Record<string, string> {
  return pick(source, () => true);
}

function pick(source: Variables, wanted: (name: string) => boolean): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(source)) {
    if (value !== undefined && value !== '' && wanted(name)) picked[name] = value;
  }
  return picked;
}

/** Writes variables as the lines of a `.env` file that Node and Bun both read back unchanged. */
export function toDotEnv(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${quote(value)}\n`)
    .join('');
}

function quote(value: string): string {
  // JSON needs no quotes. Neither reader unescapes quotes, so choose a quote that is not in the value.
  if (/^[^\s'"`#][^\s#$\\]*$/.test(value)) return value;
  const mark = ["'", '"', '`'].find((candidate) => !value.includes(candidate));
  return mark === undefined ? value : `${mark}${value}${mark}`;
}
