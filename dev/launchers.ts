import { commandOf, parentOf } from './process-info.ts';

const EVERY_MS = 1000;
const RUNNER = /\b(npm|npx|bun|bunx|bun\.exe)\b/;
const SHELL = /^(\/\S*\/)?(ba|da)?sh -c /;

/**
 * Calls back once when a package runner that started this process (`bun run`, or npx above it) has ended. npx ends at a
 * TERM without passing it on, and a KILL cannot be passed on. Without this check the whole stack would go on running after
 * the command was stopped.
 */
export function watchLaunchers(onGone: () => void): void {
  const chain = launchersAbove(process.pid);
  const timer = setInterval(() => {
    // A process gets a new parent when its parent ends.
    const gone = chain.some(([child, parent]) => parentOf(child) !== parent);
    if (!gone) return;
    clearInterval(timer);
    onGone();
  }, EVERY_MS);
  timer.unref();
}

/** @returns pairs of child and parent, from this process up to the topmost package runner */
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
    // A shell counts only below a runner. The topmost shell may be the user's, and may end while the command goes on (nohup).
    if (!isShell) length = chain.length;
    child = parent;
  }
  return chain.slice(0, length);
}
