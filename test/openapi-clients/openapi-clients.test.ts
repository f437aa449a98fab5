import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createSpawn, run } from '../../dev/child.ts';
import type { Command } from '../../dev/tie.ts';
import { signUpTenant, type Founder } from '../support/people.ts';
import { HEY_API, OPENAPI_FETCH, PYTHON } from './programs.ts';
import { bunOf, findPackages, findPythonLibrary } from './tools.ts';

const place = inject('stack');
const RULES = fileURLToPath(new URL('tools/spectral.yaml', import.meta.url));

/** The strictest settings that a frontend may use. The types of the libraries are checked too. */
const TSCONFIG = {
  compilerOptions: {
    target: 'esnext',
    lib: ['esnext', 'dom', 'dom.iterable'],
    module: 'esnext',
    moduleResolution: 'bundler',
    allowImportingTsExtensions: true,
    noEmit: true,
    types: [],
    strict: true,
    noUncheckedIndexedAccess: true,
  },
  include: ['*.ts', 'hey-api'],
};

/** The expected output of each program: a page of projects, an invalid input, and a call without a token. */
const READ = { 200: ['Apollo'], 400: [400, [['name']]], 401: 'UNAUTHENTICATED' };

let founder: Founder;
let directory: string;
let packages: string;

beforeAll(async () => {
  packages = await findPackages(place.env);
  directory = await mkdtemp(join(tmpdir(), 'atrium-openapi-clients-'));
  await symlink(packages, join(directory, 'node_modules'));
  const document = await fetch(`${place.url}/openapi.json`);
  await writeFile(join(directory, 'openapi.json'), await document.text());
  founder = await signUpTenant(place);
  await founder.client.projects.create.mutate({ name: 'Apollo' });
}, 240_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

/** Runs a command. @returns its output @throws Error with the output if it fails */
async function done(command: Command, env: Record<string, string> = {}): Promise<string> {
  const { code, output } = await run(createSpawn(), command, {
    env: { ...place.env, ...env },
    timeoutMs: 80_000,
    cwd: directory,
  });
  if (code !== 0) throw new Error(`${command.join(' ')} (exit code ${code}):\n${output}`);
  return output;
}

const installed = (command: string): [string, string] => [process.execPath, join(packages, '.bin', command)];

async function read(command: Command, env?: Record<string, string>): Promise<unknown> {
  const output = await done([...command, `${place.url}/api/v1`, founder.tokens().accessToken, founder.slug], env);
  return JSON.parse(output);
}

test("the document gets no error, warning or hint from spectral's rules for OpenAPI", async () => {
  const lint = [
    ...installed('spectral'),
    'lint',
    'openapi.json',
    '--ruleset',
    RULES,
    '--fail-severity',
    'hint',
  ] as const;
  expect(await done(lint)).toMatch(/^No results/);
});

test('clients made by openapi-typescript and by @hey-api/openapi-ts compile, and read a 200, a 400 and a 401 with their types', async () => {
  await done([...installed('openapi-typescript'), 'openapi.json', '--output', 'schema.ts']);
  await done([...installed('openapi-ts'), '--input', 'openapi.json', '--output', 'hey-api', '--silent']);
  await writeFile(join(directory, 'openapi-fetch.ts'), OPENAPI_FETCH);
  await writeFile(join(directory, 'hey-api.ts'), HEY_API);
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  await done([...installed('tsc'), '--project', '.']);
  expect(await read([bunOf(place.env), 'openapi-fetch.ts'])).toEqual(READ);
  expect(await read([bunOf(place.env), 'hey-api.ts'])).toEqual(READ);
});

test('a client made by openapi-python-client, without a warning, loads and reads a 200, a 400 and a 401 into their classes', async () => {
  const library = await findPythonLibrary(place.env);
  const env = {
    PYTHONPATH: [library, directory].join(delimiter),
    // The generator needs a formatter from this folder.
    PATH: [join(library, 'bin'), place.env['PATH']].join(delimiter),
    PYTHONUTF8: '1',
  };
  // The generator has no parser for JSON lines, so the export is text.
  await writeFile(
    join(directory, 'config.yaml'),
    JSON.stringify({ content_type_overrides: { 'application/x-ndjson': 'text/plain' } }),
  );
  await done(
    [
      'python3',
      ...['-m', 'openapi_python_client', 'generate', '--fail-on-warning', '--config', 'config.yaml'],
      ...['--path', 'openapi.json', '--output-path', 'atrium', '--meta', 'none'],
    ],
    env,
  );
  await writeFile(join(directory, 'read.py'), PYTHON);
  expect(await read(['python3', 'read.py'], env)).toEqual(READ);
}, 240_000);
