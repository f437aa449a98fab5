import { createPool, type Pool } from '../../db/connection/pool.ts';

/** A pool that a test closes with its scope. */
export interface TestPool extends AsyncDisposable {
  pool: Pool;
}

/** Opens the server's own kind of pool; `await using` closes it. */
export function openPool(
  url: string,
  max = 2,
  onChange: (away: boolean, cause?: unknown) => void = () => undefined,
): TestPool {
  const pool = createPool(url, { max, name: 'atrium test', onChange });
  return { pool, [Symbol.asyncDispose]: () => pool.close(5) };
}
