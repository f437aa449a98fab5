import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createSpawn, run } from '../../dev/child.ts';
import { CACHE_DIR } from '../../dev/stack.ts';
import { configOf, type Identity } from './identity.ts';

/**
 * All checks are enabled. The checks for deleted and foreign resources need the stateful phase, which would double the time;
 * test/property and test/matrix cover them instead.
 */
const CHECKS = ['--checks', 'all', '--phases', 'examples,coverage,fuzzing'];
const SEED = 5;
/** The folder for the Unicode tables of Hypothesis, which take 20 s to compute. No cases are stored. */
const TABLES = join(CACHE_DIR, 'hypothesis');
/** The number of fuzzing cases for each operation, valid and invalid together. */
const EXAMPLES = 3;
const TIMEOUT_MS = 170_000;

/**
 * Runs schemathesis against a server as one identity, with one call at a time.
 * @returns the number of cases
 * @throws Error with its report if it finds a failure, or if it made no call
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
        // Tokens need not be hidden: the stack is gone when the report is read. Hidden inputs would make it useless.
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
 * Returns the document of a server, with one more answer: Bun's 431 without a body, to a very long query. The served
 * document describes it only in words, because generated clients would lose the type of their errors.
 */
async function documentWithBuns431(url: string): Promise<unknown> {
  const response = await fetch(`${url}/openapi.json`);
  const document = documentSchema.parse(await response.json());
  for (const operation of Object.values(document.paths).flatMap((item) => Object.values(item))) {
    operation.responses['431'] = { description: 'The address and the headers are too long.' };
  }
  return document;
}
