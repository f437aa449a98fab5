import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const PROBE = fileURLToPath(new URL('probe.ts', import.meta.url));
const TIMEOUT_MS = 60_000;

const probes = z.array(
  z.object({
    /** When the call was sent, in ms since 1970. */
    at: z.number(),
    /** How much later than planned the call was sent, in ms, because the machine was busy. */
    late: z.number(),
    /** The latency of the answer, in ms. */
    milliseconds: z.number(),
  }),
);

/** All calls of one probe, in the order of their answers. */
export type Probes = z.infer<typeof probes>;

/**
 * Starts to call a URL every `everyMs` ms, in a process of its own so that load from this process does not delay the calls.
 * @returns a function that stops it and returns all calls
 */
export function startProbe(bun: string, url: string, everyMs: number): () => Promise<Probes> {
  const child = Bun.spawn([bun, '--no-env-file', PROBE, '--url', url, '--every', String(everyMs)], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
    timeout: TIMEOUT_MS,
  });
  return async () => {
    await child.stdin.end();
    const text = await new Response(child.stdout).text();
    if ((await child.exited) !== 0) throw new Error(`${url} could not be asked`);
    return probes.parse(JSON.parse(text));
  };
}
