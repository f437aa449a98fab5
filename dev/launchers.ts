import { commandOf, parentOf } from './process-info.ts';

const EVERY_MS = 1000;
const RUNNER = /\b(npm|npx|bun|bunx|bun\.exe)\b/;
const SHELL = /^(\/\S*\/)?(ba|da)?sh -c /;

/**
 * Calls back once when a package runner that started us (`bun run`, or npx above it) is gone. npx dies of a TERM without
 * passing it on, and a KILL is passed on by nobody: without this, stopping the command that a person or a script
 * started would leave the whole stack running.
 */
export function watchLaunchers(onGone: () => void): void {
  const chain = launchersAbove(process.pid);
  const timer = setInterval(() => {
    // A process whose parent died has a new parent.
    const gone = chain.some(([child, parent]) => parentOf(child) !== parent);
    if (!gone) return;
    clearInterval(timer);
    onGone();
  }, EVERY_MS);
  timer.unref();
}

/** Pairs of child and parent, from us up to the topmost package runner of an unbroken line. */
function launchersAbove(start: number): [child: number, parent: number][] {
  const chain: [number, number][] = [];
  let length = 0;
  for (let child = start; ;) {
    const parent = parentOf(child);
    const command = parent === undefined ? undefined : commandOf(parent);
    if (parent === undefined || command === undefined) break;
    const isShell = SHELL.test(command);
    if (!isShell && !RUNNER.test(command)) break;
    chain.push([child, parent]);
    // A shell counts if it stands between runners; the topmost may well be a person's, who left with nohup.
    if (!isShell) length = chain.length;
    child = parent;
  }
  return chain.slice(0, length);
}
