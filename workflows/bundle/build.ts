import { mkdir, writeFile } from 'node:fs/promises';
import { bundleWorkflowCode } from '@temporalio/worker';
import { BUNDLE_FILE, INTERCEPTORS_PATH, WORKFLOWS_PATH } from './paths.ts';

// `bun run build`: writes the bundle for the worker's image, so that a worker in production bundles nothing at start.
const { code } = await bundleWorkflowCode({
  workflowsPath: WORKFLOWS_PATH,
  workflowInterceptorModules: [INTERCEPTORS_PATH],
});
await mkdir(new URL('.', BUNDLE_FILE), { recursive: true });
await writeFile(BUNDLE_FILE, code);
