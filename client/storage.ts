import { isTokens, type Tokens } from './tokens.ts';

/** Where the tokens are stored: `localStorage`, or an object with the same methods. Tabs that share it share the login. */
export interface TokenStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** The tokens that the tabs of one login share. */
export interface SharedTokens {
  load(): Tokens | undefined;
  save(tokens: Tokens | undefined): void;
  /** Runs `work` under a lock, so that only one tab runs it at a time. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

/** How long a tab waits for the lock, in ms. A tab that the browser has suspended may hold it for ever. */
const LOCK_MS = 5_000;

/** @param name the key of the tokens in the storage, and the name of the lock; different for each server */
export function openSharedTokens(storage: TokenStorage, name: string): SharedTokens {
  let held: Tokens | undefined;
  // Browsers throw if the storage is full or forbidden. This tab then keeps its tokens in memory.
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

/**
 * Runs `work` under a lock of the Web Locks API. Without that API, or after `LOCK_MS`, it runs `work` without the lock. That
 * is safe within 10 s, because the server then returns the same new refresh token to both tabs.
 */
async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  // The API is missing over plain HTTP and in older versions of Node.
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
