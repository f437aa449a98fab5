import { IMPORTS, type Breach } from './planted-lint.ts';

/** Refused code besides SQL and imports: the environment, the console, and parts of the language. */
export const CODE_BREACHES: Breach[] = [
  {
    what: 'the environment outside an entry',
    rule: 'node(no-process-env)',
    breach: { file: 'core/env/a.ts', code: "export const a = process.env['A'];" },
    twin: { file: 'src/server.ts', code: "export const a = process.env['A'];" },
  },
  {
    what: 'the environment taken apart',
    rule: 'eslint(no-restricted-properties)',
    breach: { file: 'routers/b.ts', code: 'export const { env } = process;' },
    twin: { file: 'workflows/worker.ts', code: 'export const { env } = process;' },
  },
  {
    what: "Bun's environment",
    rule: 'eslint(no-restricted-properties)',
    breach: { file: 'src/c.ts', code: "export const c = Bun.env['C'];" },
    twin: { file: 'src/server.ts', code: "export const c = Bun.env['C'];" },
  },
  {
    what: 'the environment by way of the global object',
    rule: 'eslint(no-restricted-properties)',
    breach: { file: 'db/d.ts', code: "export const d = globalThis.process.env['D'];" },
    twin: { file: 'cli/fleet.ts', code: "export const d = globalThis.process.env['D'];" },
  },
  {
    what: 'the environment as a module',
    rule: IMPORTS,
    breach: { file: 'db/e.ts', code: "export { env } from 'node:process';" },
    twin: { file: 'db/e.ts', code: "export { join } from 'node:path';" },
  },
  {
    what: 'the console in a layer',
    rule: 'eslint(no-console)',
    breach: { file: 'core/s.ts', code: "console.log('s');" },
    twin: { file: 'cli/s.ts', code: "console.log('s');" },
  },
  {
    what: 'a default export',
    rule: 'import(no-default-export)',
    breach: { file: 'core/t.ts', code: 'export default 1;' },
    twin: { file: 'db/drizzle.t.config.ts', code: 'export default 1;' },
  },
  {
    what: 'any',
    rule: 'typescript(no-explicit-any)',
    breach: { file: 'core/u.ts', code: 'export const u: any = 1;' },
    twin: { file: 'core/u.ts', code: 'export const u2: unknown = 1;' },
  },
  {
    what: 'a promise nobody waits for',
    rule: 'typescript(no-floating-promises)',
    breach: { file: 'core/v.ts', code: 'Promise.resolve(1);' },
    twin: { file: 'core/v.ts', code: 'await Promise.resolve(1);' },
  },
  {
    what: 'a test left switched off',
    rule: 'vitest(no-disabled-tests)',
    breach: {
      file: 'test/w.test.ts',
      code: "import { expect, test } from 'vitest'; test.skip('w', () => expect(1).toBe(1));",
    },
    twin: {
      file: 'test/x.test.ts',
      code: "import { expect, test } from 'vitest'; test('w', () => expect(1).toBe(1));",
    },
  },
];
