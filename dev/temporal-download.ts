// Run as a process of its own: `node --import tsx dev/temporal-download.ts <directory>`. The SDK downloads the
// Temporal CLI that fits it, into that directory, when asked to start a dev server with it.
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [, , downloadDir] = process.argv;
if (downloadDir === undefined) throw new Error('usage: temporal-download.ts <directory>');

const environment = await TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'cached-download', downloadDir } },
});
await environment.teardown();
