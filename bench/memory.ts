import { readFileSync } from 'node:fs';

/** @returns the resident memory of a process in MiB, or `undefined` if there is no /proc or the process is a wrapping shell */
export function residentMemory(pid: number | undefined): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kibibytes === undefined || /^Name:\s+sh$/m.test(status) ? undefined : Number(kibibytes) / 1024;
  } catch {
    return undefined;
  }
}

/** Reads a process's memory at an interval. @returns a function that stops it and returns the maximum, in MiB */
export function watchMemory(pid: number | undefined, everyMs: number): () => number | undefined {
  let most = residentMemory(pid);
  const timer = setInterval(() => {
    const now = residentMemory(pid);
    if (now !== undefined && now > (most ?? 0)) most = now;
  }, everyMs);
  return () => {
    clearInterval(timer);
    return most;
  };
}
