import { readFileSync } from 'node:fs';

/** The resident memory of a process in MiB, or `undefined` where the system has no /proc, or a shell stands before it. */
export function residentMemory(pid: number | undefined): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kibibytes === undefined || /^Name:\s+sh$/m.test(status) ? undefined : Number(kibibytes) / 1024;
  } catch {
    return undefined;
  }
}

/** Looks at a process's memory again and again. @returns a function that ends it, and gives the most that was seen */
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
