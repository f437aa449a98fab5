import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './markdown.ts';

/** An empty folder with what a fresh clone holds, and nothing installed. */
export interface Clone extends AsyncDisposable {
  folder: string;
}

/**
 * Copies what git tracks, or would: so that work in progress is tested too.
 * @param name of the folder
 */
export async function makeClone(name = 'atrium'): Promise<Clone> {
  const parent = await realpath(await mkdtemp(join(tmpdir(), 'atrium-clone-')));
  const folder = join(parent, name);
  const { stdout } = await promisify(execFile)(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    {
      cwd: ROOT,
    },
  );
  const names = stdout.split('\0').filter((file) => file !== '');
  await Promise.all(
    names.map(async (file) => {
      if (!(await isThere(join(ROOT, file)))) return;
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await cp(join(ROOT, file), join(folder, file));
    }),
  );
  // What Temporal's download left: fetching it again would test the network.
  const fetched = join(ROOT, '.local', 'bin');
  if (await isThere(fetched)) {
    // Another test may fetch something just now, into a folder that is there for as long.
    // The browser and the generators of clients are of use to tests alone.
    const filter = (source: string): boolean => !/^(fetch-|chromium|openapi-)/.test(basename(source));
    await cp(fetched, join(folder, '.local', 'bin'), { recursive: true, filter });
  }
  return { folder, [Symbol.asyncDispose]: () => rm(parent, { recursive: true, force: true }) };
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
