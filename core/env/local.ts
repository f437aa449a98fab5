import { readFileSync } from 'node:fs';
import { parseEnv as parseDotEnv } from 'node:util';
import type { Source } from './parse.ts';

/**
 * The environment of a process: what is set, and outside production, beneath it, what `bun run dev` wrote to
 * `.local/dev.env`. So `bun run server` alone, in a second terminal, finds the embedded stack.
 */
export function withLocalDefaults(source: Source, file = '.local/dev.env'): Source {
  if (source['NODE_ENV'] === 'production') return source;
  try {
    // An empty value counts as not set, here as well.
    const given = Object.entries(source).filter(([, value]) => value !== '');
    return { ...parseDotEnv(readFileSync(file, 'utf8')), ...Object.fromEntries(given) };
  } catch {
    return source;
  }
}
