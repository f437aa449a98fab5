import { fileURLToPath } from 'node:url';

/** The folders (with a trailing slash) and files that sandbox code may load. Lint refuses all other imports. */
export const SANDBOX_SOURCES = [
  new URL('../sandbox/', import.meta.url),
  new URL('../contract.ts', import.meta.url),
  new URL('../product/sandbox/', import.meta.url),
  new URL('../product/contract.ts', import.meta.url),
];
/** The bundler's entry for the workflows. */
export const WORKFLOWS_PATH = fileURLToPath(new URL('../sandbox/index.ts', import.meta.url));
/** The bundler's entry for the workflow interceptors. */
export const INTERCEPTORS_PATH = fileURLToPath(new URL('../sandbox/interceptors.ts', import.meta.url));
/** The bundle that `bun run build` writes. */
export const BUNDLE_FILE = new URL('../../dist/workflow-bundle.js', import.meta.url);
/** The folder in which a development clone caches its bundles. */
export const BUNDLE_CACHE = new URL('../../.local/cache/', import.meta.url);
