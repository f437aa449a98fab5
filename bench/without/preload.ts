import { fileURLToPath } from 'node:url';
import { plugin } from 'bun';
import { GUARDS, isGuard } from './guards.ts';

// Preloaded before an unchanged server: it replaces the modules of the guards named in BENCH_WITHOUT.

const here = new URL('.', import.meta.url);
const standIns = new Map<string, string>();
for (const name of (process.env['BENCH_WITHOUT'] ?? '').split(',')) {
  if (!isGuard(name)) throw new Error(`There is no ${name} to do without`);
  for (const [module, standIn] of Object.entries(GUARDS[name])) {
    standIns.set(fileURLToPath(new URL(`../../${module}`, here)), fileURLToPath(new URL(standIn, here)));
  }
}

plugin({
  name: 'without',
  setup(build) {
    for (const [path, standIn] of standIns) {
      build.onLoad({ filter: new RegExp(`^${RegExp.escape(path)}$`) }, () => ({
        contents: `export * from ${JSON.stringify(standIn)};`,
        loader: 'ts',
      }));
    }
  },
});
