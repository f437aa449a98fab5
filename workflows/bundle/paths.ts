import { fileURLToPath } from 'node:url';

/** All that the sandbox may load, by lint: folders, which end with a slash, and files. */
export const SANDBOX_SOURCES = [
  new URL('../sandbox/', import.meta.url),
  new URL('../contract.ts', import.meta.url),
  new URL('../product/sandbox/', import.meta.url),
  new URL('../product/contract.ts', import.meta.url),
];
/** The workflows' source, for the bundler. */
export const WORKFLOWS_PATH = fileURLToPath(new URL('../sandbox/index.ts', import.meta.url));
/** What goes around each workflow, for the bundler. */
export const INTERCEPTORS_PATH = fileURLToPath(new URL('../sandbox/interceptors.ts', import.meta.url));
/** What `bun run build` makes of it. */
export const BUNDLE_FILE = new URL('../../dist/workflow-bundle.js', import.meta.url);
/** Where bundles of a development clone are kept. */
export const BUNDLE_CACHE = new URL('../../.local/cache/', import.meta.url);
