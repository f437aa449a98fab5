import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createSpawn, run } from '../../dev/child.ts';
import { UnclearPageError, type Step } from './steps.ts';

/** The clone in which steps are followed. */
export interface Ground {
  folder: string;
  env: Readonly<Record<string, string>>;
  /** How long one command may take, in ms. */
  timeoutMs: number;
  /** Aborts the running command. */
  signal?: AbortSignal;
}

/** A command of a page did not end as the page says. */
class CommandError extends Error {
  override readonly name = 'CommandError';
}

const spawn = createSpawn();

/**
 * Follows the steps of a page in order, exactly as written.
 * @returns the number of steps
 * @throws UnclearPageError if a file or a line does not exist, or exists more than once
 * @throws CommandError with the output of the command
 */
export async function follow(steps: readonly Step[], ground: Ground): Promise<number> {
  for (const step of steps) {
    await (step.kind === 'run' ? runAll(step, ground) : change(step, ground.folder));
  }
  return steps.length;
}

async function runAll({ commands, fails }: Extract<Step, { kind: 'run' }>, ground: Ground): Promise<void> {
  const { folder: cwd, env, timeoutMs, signal } = ground;
  for (const command of commands) {
    const { code, output } = await run(spawn, ['bash', '-c', command], { cwd, env, timeoutMs, signal });
    if ((code === 0) !== fails && code !== null) continue;
    throw new CommandError(
      `${command}\nended with ${code ?? 'a signal'}, not ${fails ? 'a failure' : '0'}:\n${output}`,
    );
  }
}

async function change(step: Exclude<Step, { kind: 'run' }>, folder: string): Promise<void> {
  const path = join(folder, step.file);
  if (step.kind === 'make') {
    const there = await stat(path).catch(() => undefined);
    if (there) throw new UnclearPageError(`${step.file} is there already`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, step.text);
    return;
  }
  await writeFile(path, changed(step, await readFile(path, 'utf8')));
}

function changed(step: Exclude<Step, { kind: 'run' | 'make' }>, text: string): string {
  switch (step.kind) {
    case 'append':
      return `${text}\n${step.text}`;
    case 'replace':
      return split(step.file, text, step.old).join(step.by);
    case 'insert': {
      const [before, after] = split(step.file, text, step.line);
      const begin = before.lastIndexOf('\n') + 1;
      const end = text.indexOf('\n', text.length - after.length) + 1;
      const at = step.where === 'above' ? begin : end;
      return text.slice(0, at) + step.text + text.slice(at);
    }
    case 'import': {
      const end = `} from '${step.module}';`;
      const [before, after] = split(step.file, text, end);
      const names = before.trimEnd().replace(/,$/, '');
      return `${names}, ${step.names.join(', ')} ${end}${after}`;
    }
  }
}

/** @returns the text before and after `mark`, which must occur once */
function split(file: string, text: string, mark: string): [string, string] {
  const [before, after, ...more] = text.split(mark);
  if (before !== undefined && after !== undefined && more.length === 0) return [before, after];
  throw new UnclearPageError(`${file} has ${after === undefined ? 'no' : 'more than one'} ${JSON.stringify(mark)}`);
}
