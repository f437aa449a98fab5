import { execFile } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../docs/markdown.ts';

/** Compiles these entries of a clone, with the installed packages of this one. @returns the lines with errors */
export async function errorsIn(folder: string, include: readonly string[]): Promise<string[]> {
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const project = 'tsconfig.planted.json';
  await writeFile(join(folder, project), JSON.stringify({ extends: './tsconfig.json', include }));
  const program = join(ROOT, 'node_modules/typescript/bin/tsc');
  const stdout = await new Promise<string>((resolve) => {
    const args = [program, '--project', project, '--pretty', 'false'];
    execFile(process.execPath, args, { cwd: folder }, (_, text) => resolve(text));
  });
  return stdout.split('\n').filter((line) => line.includes('error TS'));
}
