import { createServer, type Socket } from 'node:net';
import { expect, inject, test } from 'vitest';
import { freePort } from '../../dev/ports.ts';
import { startProcess } from './process.ts';

const stack = inject('stack');
/** How long the worker may take to stop, in ms: an orchestrator would kill it after about that time. */
const PATIENCE_MS = 8_000;

test.each(['SIGTERM', 'SIGINT'] as const)(
  'a worker that waits for a Temporal that accepts connections and never answers exits on %s',
  async (signal) => {
    const port = await freePort();
    await using silent = createServer();
    const asked = new Promise<Socket>((resolve) => silent.once('connection', resolve));
    silent.listen(port, '127.0.0.1');
    await using worker = startProcess([process.execPath, '--import', 'tsx', 'workflows/worker.ts'], {
      ...stack.env,
      TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
    });
    const socket = await asked;
    const begun = performance.now();
    worker.child.kill(signal);
    expect(await worker.child.exited).toBe(0);
    expect(performance.now() - begun).toBeLessThan(PATIENCE_MS);
    expect(worker.lines.join('\n')).toContain('draining');
    socket.destroy();
  },
);
