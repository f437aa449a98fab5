import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const PROBE = fileURLToPath(new URL('probe.ts', import.meta.url));
const TIMEOUT_MS = 60_000;

const probes = z.array(
  z.object({
    /** When it was asked, in ms since 1970. */
    at: z.number(),
    /** By how much that was behind its time, in ms: as long as the machine kept the one who asks waiting. */
    late: z.number(),
    /** How long the answer took. */
    milliseconds: z.number(),
  }),
);

/** All that was asked of one address, in the order of the answers. */
export type Probes = z.infer<typeof probes>;

/**
 * Starts asking an address every so many ms, in a process of its own: a load from here must not keep the questions waiting.
 * @returns a function that ends it, and gives all that was seen
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
