import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Enough for the type-aware rules. The project's own tsconfig names packages that are not installed there. */
const TYPES = { strict: true, target: 'esnext', module: 'esnext', moduleResolution: 'bundler', types: [] };

/** One line of code, planted in `file`. */
export interface Planted {
  readonly file: string;
  readonly code: string;
}

/** Code that `rule` refuses, and similar code that it allows. */
export interface Breach {
  what: string;
  rule: string;
  breach: Planted;
  twin: Planted;
}

export const IMPORTS = 'eslint(no-restricted-imports)';

const Report = z.object({
  diagnostics: z.array(
    z.object({
      code: z.string(),
      filename: z.string(),
      labels: z.tuple([z.object({ span: z.object({ line: z.number() }) })]).rest(z.unknown()),
    }),
  ),
});

/**
 * Lints all lines in one run, with the project's configuration and folders. Lines of the same file keep their order.
 * @returns a function that gives the rules that refuse a planted line, such as `eslint(no-console)`
 */
export async function lintPlanted(lines: readonly Planted[]): Promise<(line: Planted) => string[]> {
  const files = new Map<string, Planted[]>();
  for (const line of lines) files.set(line.file, [...(files.get(line.file) ?? []), line]);

  const folder = await mkdtemp(join(tmpdir(), 'atrium-lint-'));
  try {
    await copyFile(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    await cp(join(ROOT, 'dev/lint'), join(folder, 'dev/lint'), { recursive: true });
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: TYPES }));
    for (const [file, planted] of files) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), planted.map((line) => `${line.code}\n`).join(''));
    }
    const { diagnostics } = Report.parse(JSON.parse(await oxlint(folder)));
    return (line) => {
      const number = (files.get(line.file) ?? []).indexOf(line) + 1;
      return diagnostics
        .filter((found) => found.filename === line.file && found.labels[0].span.line === number)
        .map((found) => found.code);
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function oxlint(folder: string): Promise<string> {
  const program = join(ROOT, 'node_modules/oxlint/bin/oxlint');
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, maxBuffer: 64 * 1024 * 1024 };
    // Exit code 1 is expected: it means that something was refused.
    execFile(process.execPath, [program, '--type-aware', '--format=json'], options, (error, stdout, stderr) => {
      if (error && error.code !== 1) reject(new Error(`oxlint failed: ${stderr}${stdout}`, { cause: error }));
      else resolve(stdout);
    });
  });
}
