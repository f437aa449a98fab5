import { isTokens, type Tokens } from './tokens.ts';

/** Where tokens are kept: `localStorage`, or what works like it. All tabs that share it share the login. */
export interface TokenStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** What the tabs of one login share. */
export interface Shelf {
  load(): Tokens | undefined;
  save(tokens: Tokens | undefined): void;
  /** Runs `work` while no other tab runs its own. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

/** How long a tab waits for another one, in ms: a browser may have put that to sleep. */
const LOCK_MS = 5_000;

/** @param name one for each server: the tokens stand under it */
export function openShelf(storage: TokenStorage, name: string): Shelf {
  let held: Tokens | undefined;
  // A full or forbidden storage throws: then the tokens are this tab's alone.
  let works = true;
  function attempt(access: () => void): void {
    if (!works) return;
    try {
      access();
    } catch {
      works = false;
    }
  }
  return {
    load() {
      attempt(() => {
        held = parse(storage.getItem(name));
      });
      return held;
    },
    save(tokens) {
      held = tokens;
      attempt(() => (tokens ? storage.setItem(name, JSON.stringify(tokens)) : storage.removeItem(name)));
    },
    exclusively: (work) => exclusively(name, work),
  };
}

function parse(text: string | null): Tokens | undefined {
  if (text === null) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isTokens(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** By the Web Locks API. Where it is not there, or another tab does not let go, the server's grace of 10 s has to do. */
async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  // Not there over plain HTTP, and in older versions of Node.
  const locks: LockManager | undefined = globalThis.navigator?.locks;
  if (locks === undefined) return await work();
  let begun = false;
  const begin = (): Promise<T> => {
    begun = true;
    return work();
  };
  try {
    return await locks.request(name, { signal: AbortSignal.timeout(LOCK_MS) }, begin);
  } catch (error) {
    if (begun) throw error;
    return await work();
  }
}
