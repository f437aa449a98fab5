import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SharedStack } from '../support/global-setup.ts';
import { ROOT, type Block } from './markdown.ts';

/** The output and the exit code of a block. */
interface Run {
  output: string;
  code: number;
}

/** A folder that looks like a clone with a running stack. */
export interface Playground extends AsyncDisposable {
  /**
   * Runs shell commands and programs one after the other, in one shell, as if a reader pasted them.
   * @throws Error with the output so far if they take longer than a minute
   */
  run(blocks: readonly Block[]): Promise<{ runs: Run[]; errors: string }>;
}

const MINUTE_MS = 60_000;
const HIDDEN = new Set(['.git', '.local']);

/** Links the repository into a new folder, with a `.local` that names the stack of the tests. */
export async function openPlayground(stack: SharedStack): Promise<Playground> {
  const folder = await mkdtemp(join(tmpdir(), 'atrium-docs-'));
  const entries = (await readdir(ROOT)).filter((name) => !HIDDEN.has(name));
  await Promise.all(entries.map((name) => symlink(join(ROOT, name), join(folder, name))));
  await mkdir(join(folder, '.local'));
  await symlink(stack.mailDir, join(folder, '.local', 'mail'));
  const { url, databaseUrl, databaseOwnerUrl, temporalAddress, temporalUiUrl, mailDir, superuser } = stack;
  const file = { url, databaseUrl, databaseOwnerUrl, temporalAddress, temporalUiUrl, mailDir, superuser };
  await writeFile(join(folder, '.local', 'stack.json'), JSON.stringify(file));

  return {
    async run(blocks) {
      const mark = randomBytes(16).toString('hex');
      const commands = await Promise.all(
        blocks.map(async ({ language, code }, index) => {
          if (language !== 'ts') return code;
          const name = `program-${index}.ts`;
          await writeFile(join(folder, name), code);
          return `node --import tsx ${name}\n`;
        }),
      );
      await writeFile(
        join(folder, 'commands'),
        commands.map((text) => `${text}printf '\\n${mark} %s\\n' $?\n`).join(''),
      );
      const { PATH = '' } = stack.env;
      const { stdout, stderr } = await promisify(execFile)('bash', ['commands'], {
        cwd: folder,
        env: { PATH, HOME: folder },
        timeout: MINUTE_MS,
        killSignal: 'SIGKILL',
      });
      const runs = Array.from(
        stdout.matchAll(new RegExp(`(.*?)\\n${mark} (\\d+)\\n`, 'gs')),
        ([, output = '', code]) => ({
          output: output.trim(),
          code: Number(code),
        }),
      );
      return { runs, errors: stderr };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
