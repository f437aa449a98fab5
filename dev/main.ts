import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SETTINGS } from '../core/env/index.ts';
import { settingsToPass } from './environment.ts';
import { StackError } from './error.ts';
import { canListenAt } from './host.ts';
import { onInterrupt } from './interrupt.ts';
import { startStack } from './stack.ts';
import type { Stack } from './types.ts';
import { aborted, describeExit, since } from './wait.ts';

const HELP = `Usage: bun run dev [--reset]

Starts PostgreSQL, Temporal, the worker and the server on this machine. Ctrl-C stops them.
Their data is in .local/ and survives a restart.

  --reset   delete the data in .local/ first; downloaded programs are kept
  --help    print this help

Set PORT to choose the server's port (default 3000) and HOST to choose its address. Other settings of Atrium are passed
on to the server and the worker, except NODE_ENV and the database URLs. \`bun run config\` lists all settings.`;

const begun = performance.now();
const dataDir = join(fileURLToPath(new URL('..', import.meta.url)), '.local');

async function main(): Promise<number> {
  const { reset, help } = parseArgs({ options: { reset: { type: 'boolean' }, help: { type: 'boolean' } } }).values;
  if (help) {
    console.log(HELP);
    return 0;
  }
  const interrupt = onInterrupt({
    first: (cause) => console.log(`\n${cause}: stopping everything …`),
    impatient: () => process.exit(130),
  });
  try {
    const stack = await startStack({
      dataDir,
      port: readPort(process.env['PORT']),
      bun: process.execPath,
      env: process.env,
      extraEnv: await settingsOf(process.env),
      reset: reset ?? false,
      log: (line) => console.log(line),
      signal: interrupt,
    });
    console.log(summary(stack));
    const death = await Promise.race([stack.exited, aborted(interrupt)]);
    if (death && !interrupt.aborted) {
      tell(new StackError(`${death.part} ended (${describeExit(death.code)}); stopping everything`, death.tail));
    }
    await stack.stop();
    console.log('All stopped.');
    return interrupt.aborted ? 0 : 1;
  } catch (error) {
    if (interrupt.aborted) {
      console.log('All stopped.');
      return 0;
    }
    if (!(error instanceof StackError)) throw error;
    tell(error);
    return 1;
  }
}

function readPort(text = ''): number {
  const port = SETTINGS.shape.PORT.safeParse(text === '' ? undefined : text);
  if (port.success) return port.data;
  throw new StackError(`PORT ${port.error.issues[0]?.message}, but it is ${text}`);
}

/** Leaves out a HOST that the server cannot listen at, and says so: it was set for another program. */
async function settingsOf(source: NodeJS.ProcessEnv): Promise<Record<string, string>> {
  const { HOST: host, ...others } = settingsToPass(source);
  if (host === undefined) return others;
  if (SETTINGS.shape.HOST.safeParse(host).success && (await canListenAt(host))) return { ...others, HOST: host };
  console.log(`HOST is ${host}, which is not an address of this machine; the server listens on 127.0.0.1 instead`);
  return others;
}

function tell(error: StackError): void {
  for (const line of error.tail) console.error(`  ${line}`);
  console.error(`error: ${error.message}`);
}

function summary(stack: Stack): string {
  const rows = [
    ['API', stack.url],
    ['API docs', `${stack.url}/docs`],
    ['Temporal', stack.temporalUiUrl ?? stack.temporalAddress],
    ['Mail', stack.mailDir],
    ['Operator', `${stack.superuser.email}  ${stack.superuser.password}`],
    ['All this', join(dataDir, 'stack.json')],
  ];
  const lines = rows.map(([name = '', value = '']) => `  ${name.padEnd(10)}${value}`);
  return ['', ...lines, '', `ready in ${since(begun)}. Ctrl-C stops everything`, ''].join('\n');
}

process.stdout.on('error', () => {});
process.exit(
  await main().catch((error: unknown) => {
    // Only the first sentence: the rest explains how to pass an argument that begins with a dash.
    if (!(error instanceof TypeError)) throw error;
    console.error(`error: ${error.message.split('. ')[0]}; see --help`);
    return 2;
  }),
);
