import { fileURLToPath } from 'node:url';
import { createSpawn } from './child.ts';
import { withValues } from './environment.ts';
import { StackError } from './error.ts';
import { onInterrupt } from './interrupt.ts';
import { keepStack, keptStackFor } from './keep.ts';
import { findNode } from './node.ts';
import { addCounts, runScripts, type Counts } from './scripts.ts';
import { runVitest } from './vitest.ts';

// The scripts of package.json to run, and the name to print for each.
const SCRIPTS = { types: 'types', lint: 'lint', 'format:check': 'format', knip: 'dead code', licences: 'licences' };

async function main(args: readonly string[]): Promise<number> {
  const spawn = createSpawn();
  const env = withValues({ ...process.env, ATRIUM_BUN: process.execPath, ATRIUM_TEST_STACK: undefined });
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const signal = onInterrupt({
    first: (cause) => console.log(`\n${cause}: stopping …`),
    impatient: () => process.exit(130),
  });
  if (args.join(' ') === '--keep') {
    await keepStack({ bun: process.execPath, env, signal });
    return 0;
  }
  const node = await findNode(spawn, env);
  const context = { spawn, env: { ...env, ...keptStackFor(args, env) }, cwd, signal };

  // With arguments, which are for Vitest, only tests are run.
  const scripts: Counts =
    args.length > 0 ? { passed: 0, failed: 0, skipped: 0 } : await runScripts(context, process.execPath, SCRIPTS);
  const tests = await runVitest(context, node, args);
  const { passed, failed, skipped } = addCounts(scripts, tests);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (signal.aborted) return 130;
  return failed > 0 ? 1 : 0;
}

process.stdout.on('error', () => {});
process.exit(
  await main(process.argv.slice(2)).catch((error: unknown) => {
    if (!(error instanceof StackError)) throw error;
    for (const line of error.tail) console.error(`  ${line}`);
    console.error(`error: ${error.message}`);
    console.log('0 passed, 1 failed, 0 skipped');
    return 1;
  }),
);
