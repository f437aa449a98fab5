import { readFileSync } from 'node:fs';
import { parseEnv as parseDotEnv } from 'node:util';
import type { Source } from './parse.ts';

/**
 * Adds to an environment the settings that `bun run dev` wrote to `.local/dev.env`. So `bun run server` in a second terminal
 * finds the embedded stack. A setting of the environment wins. In production nothing is added.
 */
export function withLocalDefaults(source: Source, file = '.local/dev.env'): Source {
  if (source['NODE_ENV'] === 'production') return source;
  try {
    // An empty value counts as not set, as in `parseEnv`.
    const given = Object.entries(source).filter(([, value]) => value !== '');
    return { ...parseDotEnv(readFileSync(file, 'utf8')), ...Object.fromEntries(given) };
  } catch {
    return source;
  }
}
