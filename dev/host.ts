import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** The timeout for looking up a host name, in ms. */
const LOOK_UP_MS = 2_000;

/**
 * Whether a process on this machine can listen at a host. HOST may hold something else: Conda sets it to the name of a
 * platform, such as `x86_64-conda-linux-gnu`.
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
