import { createSpawn } from '../../dev/child.ts';
import { findRedis } from '../../dev/redis-binary.ts';
import { startRedis, type Redis } from '../../dev/redis.ts';
import { CACHE_DIR } from '../../dev/stack.ts';
import type { SharedStack } from './global-setup.ts';

/** Starts a Redis for one test file. The shared stack has none: it counts in memory. */
export async function startOwnRedis({ env }: SharedStack, options: { password?: string } = {}): Promise<Redis> {
  const spawn = createSpawn();
  const executable = await findRedis({ spawn, env, cacheDir: CACHE_DIR, log: () => undefined, signal: undefined });
  return await startRedis({ spawn, executable, env, ...options });
}
