import { fileURLToPath } from 'node:url';
import { loadResult, type LoadResult } from './load-result.ts';

const LOAD = fileURLToPath(new URL('load.ts', import.meta.url));

/** The call to measure. */
export interface Subject {
  url: string;
  headers: Record<string, string>;
  /** The JSON to post. Without it the call is a GET. */
  body?: string;
}

/** Calls a server repeatedly, from a process of its own. @throws Error if a call failed */
export async function generateLoad(
  bun: string,
  { url, headers, body }: Subject,
  connections: number,
  milliseconds: number,
): Promise<LoadResult> {
  const generator = Bun.spawn(
    [
      ...[bun, '--no-env-file', LOAD, '--url', url],
      ...['--connections', String(connections), '--milliseconds', String(milliseconds)],
      ...(body === undefined ? [] : ['--body', body]),
      ...Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    ],
    { stdout: 'pipe', stderr: 'inherit', timeout: milliseconds + 10_000 },
  );
  const text = await new Response(generator.stdout).text();
  if ((await generator.exited) !== 0) throw new Error('The load generator failed');
  const result = loadResult.parse(JSON.parse(text));
  if (result.failures > 0) throw new Error(`${result.failures} of ${result.calls} calls to ${url} failed`);
  return result;
}
