import { fileURLToPath } from 'node:url';

/** The workflows' source, for the bundler. */
export const WORKFLOWS_PATH = fileURLToPath(new URL('sandbox/index.ts', import.meta.url));
/** What `bun run build` makes of it. */
export const BUNDLE_FILE = new URL('../dist/workflow-bundle.js', import.meta.url);
