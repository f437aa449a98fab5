import { delimiter, join } from 'node:path';
import { run, type Spawn } from './child.ts';
import { StackError } from './error.ts';

const NEEDED = 'Node 20.19 or later, or 22.12 or later';

/**
 * Finds the Node that runs the worker and the tests: the one that runs this process, or else the one on PATH.
 * @throws StackError when there is none, or it is too old.
 */
export async function findNode(spawn: Spawn, env: Record<string, string>): Promise<string> {
  if (process.versions['bun'] === undefined) return process.execPath;
  const ask = 'console.log(JSON.stringify([process.execPath, process.versions.node, "bun" in process.versions]))';
  const { code, output } = await run(spawn, ['node', '-e', ask], { env, timeoutMs: 20_000 });
  if (code !== 0) throw new StackError(`\`node\` is not on PATH; install ${NEEDED} (https://nodejs.org)`);
  const [, path, version, isBun] = /^\["(.+)","(.+)",(true|false)\]$/.exec(output.trim()) ?? [];
  if (path === undefined || version === undefined || isBun === 'true') {
    const looked = (env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, 'node'));
    throw new StackError(`\`node\` on PATH is not Node.js; install ${NEEDED}, and run this without --bun`, looked);
  }
  if (!isNewEnough(version)) throw new StackError(`${path} is Node ${version}; install ${NEEDED} (https://nodejs.org)`);
  return path;
}

// The versions that Vite supports, which Vitest uses. The Temporal SDK supports older ones too.
function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
}
