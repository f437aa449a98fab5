import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build, type BuildOptions } from 'esbuild';
import { expect, inject, test } from 'vitest';
import { signUpTenant } from '../support/people.ts';

const place = inject('stack');
const root = fileURLToPath(new URL('../..', import.meta.url));

/** The allowed size in bytes: 15 % above the measured one. A larger bundle contains something unintended. */
const SIZE = { minified: 47_300, gzipped: 16_200 };
const PACKAGES = new Set(['@trpc/client', '@trpc/server', 'eventsource', 'eventsource-parser']);

const BUNDLE = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  minify: true,
  metafile: true,
  logLevel: 'silent',
} as const satisfies BuildOptions;

const forBrowsers = () => build({ ...BUNDLE, entryPoints: ['client/index.ts'], platform: 'browser', write: false });

const packageOf = (path: string): string | undefined => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];

test('a browser bundle holds the client, tRPC and an EventSource, and nothing of the server', async () => {
  const { metafile } = await forBrowsers();
  const inputs = Object.keys(metafile.inputs);
  const ours = inputs.filter((path) => packageOf(path) === undefined);
  expect(ours.filter((path) => !path.startsWith('client/'))).toEqual([]);
  expect(new Set(inputs.map(packageOf).filter((name) => name !== undefined))).toEqual(PACKAGES);

  const imported = Object.values(metafile.inputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  expect(imported.filter((path) => path.startsWith('node:') || builtinModules.includes(path))).toEqual([]);
});

test('a browser bundle stays below its size limit', async () => {
  const { outputFiles } = await forBrowsers();
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  expect(code.length).toBeLessThan(SIZE.minified);
  expect(gzipSync(code).length).toBeLessThan(SIZE.gzipped);
});

test('a bundle runs on Node without other files, against the server', async () => {
  const founder = await signUpTenant(place);
  const folder = await mkdtemp(join(tmpdir(), 'atrium-bundle-'));
  try {
    const outfile = join(folder, 'script.mjs');
    const contents = `
      import { createClient } from './client/index.ts';
      const [url, tenantSlug, email, password] = process.argv.slice(2);
      const client = createClient({ url, tenantSlug });
      await client.auth.login.mutate({ email, password });
      const made = await client.projects.create.mutate({ name: 'Bundled' });
      const state = await new Promise((resolve, reject) => {
        client.tenants.onStatus.subscribe({ slug: tenantSlug }, { onData: resolve, onError: reject });
      });
      console.log(JSON.stringify([made.name, state.status]));`;
    await build({ ...BUNDLE, stdin: { contents, resolveDir: root, loader: 'ts' }, platform: 'node', outfile });
    const args = [outfile, place.url, founder.slug, founder.email, founder.password];
    const { stdout } = await promisify(execFile)('node', args, { cwd: folder, timeout: 20_000 });
    expect(JSON.parse(stdout)).toEqual(['Bundled', 'ready']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
