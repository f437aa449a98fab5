import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The code that an existing database was created with. If it changes, the kept stack cannot be used. */
const FOUNDATION = ['db/migrations', 'db/patches', 'dev', 'package.json', 'bun.lock'];
/** The other code that the server and the worker run. If it changes, they are restarted. */
const PROCESSES = ['core', 'db', 'routers', 'src', 'workflows', 'tsconfig.json'];

/** The hashes of the files in {@link FOUNDATION} and {@link PROCESSES}. */
export interface CodeVersion {
  readonly foundation: string;
  readonly processes: string;
}

export async function readCodeVersion(): Promise<CodeVersion> {
  const [foundation, processes] = await Promise.all([hashOf(FOUNDATION), hashOf(PROCESSES)]);
  return { foundation, processes };
}

async function hashOf(places: readonly string[]): Promise<string> {
  const files = (await Promise.all(places.map(filesIn))).flat().toSorted();
  const contents = await Promise.all(files.map((file) => readFile(join(ROOT, file))));
  const hash = createHash('sha256');
  for (const [index, file] of files.entries()) hash.update(`${file}\0`).update(contents[index] ?? '');
  return hash.digest('hex');
}

async function filesIn(place: string): Promise<string[]> {
  if (place.includes('.')) return [place];
  const entries = await readdir(join(ROOT, place), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(ROOT.length));
}
