// Run as a process of its own: `node --import tsx dev/temporal-download.ts <directory>`. The SDK downloads the matching
// version of the Temporal CLI into that directory when it starts a dev server.
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [, , downloadDir] = process.argv;
if (downloadDir === undefined) throw new Error('usage: temporal-download.ts <directory>');

const environment = await TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'cached-download', downloadDir } },
});
await environment.teardown();
