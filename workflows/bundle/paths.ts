import { fileURLToPath } from 'node:url';

/** The workflows' source. */
export const SANDBOX = new URL('../sandbox/', import.meta.url);
/** The same, for the bundler. */
export const WORKFLOWS_PATH = fileURLToPath(new URL('index.ts', SANDBOX));
/** What goes around each workflow, for the bundler. */
export const INTERCEPTORS_PATH = fileURLToPath(new URL('interceptors.ts', SANDBOX));
/** What `bun run build` makes of it. */
export const BUNDLE_FILE = new URL('../../dist/workflow-bundle.js', import.meta.url);
/** Where bundles of a development clone are kept. */
export const BUNDLE_CACHE = new URL('../../.local/cache/', import.meta.url);
