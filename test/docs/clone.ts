import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './markdown.ts';

/**
 * The executables that a stack downloads on its first start. They are copied, because a download would test the network.
 * Nothing else of `.local` is copied, because other tests write there at the same time.
 */
const FETCHED = ['.local/bin/temporal', '.local/bin/redis-server'];

/** A folder with the files of a fresh clone, and no installed packages. */
export interface Clone extends AsyncDisposable {
  folder: string;
}

/**
 * Copies the tracked files, and the untracked ones that git does not ignore, so that work in progress is tested too.
 * @param name the name of the folder
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
  for (const file of FETCHED) {
    if (!(await isThere(join(ROOT, file)))) continue;
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await cp(join(ROOT, file), join(folder, file));
  }
  return { folder, [Symbol.asyncDispose]: () => rm(parent, { recursive: true, force: true }) };
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
