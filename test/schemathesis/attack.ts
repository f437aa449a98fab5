import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createSpawn, run } from '../../dev/child.ts';
import { CACHE_DIR } from '../../dev/stack.ts';
import { configOf, type Identity } from './identity.ts';

/**
 * All checks are on. Those of what was deleted, and of what is another's, have nothing to look at without the stateful phase,
 * which would double the time: test/property and test/matrix hold them.
 */
const CHECKS = ['--checks', 'all', '--phases', 'examples,coverage,fuzzing'];
const SEED = 5;
/** Hypothesis keeps its tables of Unicode here, which take it 20 s to make; no cases. */
const TABLES = join(CACHE_DIR, 'hypothesis');
/** Of fuzzing, for each operation, valid and invalid together. */
const EXAMPLES = 3;
const TIMEOUT_MS = 170_000;

/**
 * Has schemathesis call the operations of a server's document as somebody, one call after another.
 * @returns how many cases there were
 * @throws Error with its report, if it finds anything; or if it called nothing
 */
export async function attack(
  place: { url: string; env: Readonly<Record<string, string>>; command: string },
  identity: Identity,
): Promise<number> {
  const { token, within, only, spare } = identity;
  const directory = await mkdtemp(join(tmpdir(), 'atrium-schemathesis-'));
  try {
    const document = join(directory, 'openapi.json');
    await writeFile(document, JSON.stringify(await documentWithBuns431(place.url)));
    const config = join(directory, 'schemathesis.toml');
    await writeFile(config, configOf(identity));
    const { code, output } = await run(
      createSpawn(),
      [
        place.command,
        ...['--config-file', config, 'run', document],
        ...['--url', `${place.url}/api/v1`, ...CHECKS],
        ...['--seed', String(SEED), '--max-examples', String(EXAMPLES), '--generation-database', 'none'],
        ...['--workers', '1', '--request-timeout', '20', '--no-color', '--warnings', 'off'],
        // The tokens are of a stack that is gone when this is read; an input that is hidden says nothing.
        ...['--output-sanitize', 'false', '--suppress-health-check', 'all'],
        ...(token === undefined ? [] : ['--header', `Authorization: Bearer ${token}`]),
        ...(within === undefined ? [] : ['--include-path-regex', within]),
        ...(only ?? []).flatMap((id) => ['--include-operation-id', id]),
        ...(spare ?? []).flatMap((id) => ['--exclude-operation-id', id]),
      ],
      {
        env: { ...place.env, PYTHONUTF8: '1', HYPOTHESIS_STORAGE_DIRECTORY: TABLES },
        timeoutMs: TIMEOUT_MS,
        cwd: directory,
      },
    );
    const cases = Number(/(\d+) generated/.exec(output)?.[1] ?? 0);
    if (code !== 0 || cases === 0) throw new Error(`schemathesis, as ${identity.name} (exit code ${code}):\n${output}`);
    return cases;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ responses: z.record(z.string(), z.unknown()) }))),
});

/**
 * The document of a server, with the one answer that is not ours: Bun's 431, without a body, to a query that is very long.
 * Generated clients would lose the type of their errors by an answer that has no content, so it is said in words there.
 */
async function documentWithBuns431(url: string): Promise<unknown> {
  const response = await fetch(`${url}/openapi.json`);
  const document = documentSchema.parse(await response.json());
  for (const operation of Object.values(document.paths).flatMap((item) => Object.values(item))) {
    operation.responses['431'] = { description: 'The address and the headers are too long.' };
  }
  return document;
}
