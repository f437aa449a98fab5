import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** How long a name may take to be looked up, in ms. */
const LOOK_UP_MS = 2_000;

/**
 * Whether a process of this machine can listen at a host. Conda, for one, sets HOST to the name of a platform, as in
 * `x86_64-conda-linux-gnu`.
 */
export async function canListenAt(host: string): Promise<boolean> {
  const server = createServer();
  const listening = new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ host, port: 0 }, () => resolve(true));
  });
  const answer = await Promise.race([listening, pause(LOOK_UP_MS, false, { ref: false })]);
  server.close();
  return answer;
}
