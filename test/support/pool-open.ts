import { createPool, type Pool } from '../../db/connection/pool.ts';

/** A pool that `await using` closes. */
export interface TestPool extends AsyncDisposable {
  pool: Pool;
}

/** Opens a pool like the server's; `await using` closes it. */
export function openPool(
  url: string,
  max = 2,
  onChange: (away: boolean, cause?: unknown) => void = () => undefined,
): TestPool {
  const pool = createPool(url, { max, name: 'atrium test', onChange });
  return { pool, [Symbol.asyncDispose]: () => pool.close(5) };
}
