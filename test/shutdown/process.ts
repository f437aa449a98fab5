import { fileURLToPath } from 'node:url';
import { createSpawn, type Child } from '../../dev/child.ts';
import type { Command } from '../../dev/tie.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A server or worker process; `await using` kills it. */
export interface Process extends AsyncDisposable {
  child: Child;
  /** The lines that it has printed. */
  lines: readonly string[];
}

export function startProcess(command: Command, env: Record<string, string>): Process {
  const lines: string[] = [];
  const child = createSpawn()({
    command,
    cwd: ROOT,
    env,
    output: { line: (line) => lines.push(line) },
    onOurDeath: 'KILL',
  });
  return { child, lines, [Symbol.asyncDispose]: () => child.stop(['SIGKILL', 5_000]) };
}
