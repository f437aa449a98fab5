import { posix } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { lintPlanted, type Planted } from './planted-lint.ts';

const IMPORTS = 'eslint(no-restricted-imports)';

/** Modules to import: the entries of the layers, and some of their internals. */
const TARGETS = [
  'core/tenancy/slug-format.ts',
  'db/entering/enter.ts',
  'db/entering/owner/in-tenant.ts',
  'db/connection/owner/connect.ts',
  'workflows/contract.ts',
  'workflows/product/contract.ts',
  'workflows/outbox/relay.ts',
  'workflows/activities/index.ts',
  'workflows/sandbox/index.ts',
  'routers/index.ts',
  'routers/users.ts',
  'src/app.ts',
  'client/index.ts',
  'dev/stack.ts',
  'cli/fleet.ts',
  'bench/main.ts',
  'test/support/stack.ts',
] as const;

type Target = (typeof TARGETS)[number];

const BELOW = ['core/tenancy/slug-format.ts', 'db/entering/enter.ts'] as const;
/** Modules that need the owner's connection. */
const OWNER = ['db/entering/owner/in-tenant.ts', 'db/connection/owner/connect.ts'] as const;
const NODE_SIDE = [
  ...BELOW,
  ...OWNER,
  'workflows/contract.ts',
  'workflows/product/contract.ts',
  'workflows/outbox/relay.ts',
  'workflows/activities/index.ts',
] as const;
const ROUTER = [...BELOW, 'workflows/contract.ts', 'routers/index.ts', 'routers/users.ts'] as const;

/** For each place, what its files may import, and of which other modules they may import types. */
const STAIRCASE: { place: string; may: readonly Target[]; types?: readonly Target[] }[] = [
  { place: 'core/planted.ts', may: ['core/tenancy/slug-format.ts'] },
  { place: 'core/rate-limit/planted.ts', may: ['core/tenancy/slug-format.ts'] },
  { place: 'db/planted.ts', may: BELOW },
  { place: 'db/connection/planted.ts', may: BELOW },
  { place: 'db/connection/owner/planted.ts', may: [...BELOW, ...OWNER] },
  { place: 'db/planted/owner/planted.ts', may: [...BELOW, ...OWNER] },
  { place: 'db/outbox/product/planted.ts', may: BELOW },
  { place: 'workflows/planted.ts', may: NODE_SIDE, types: ['workflows/sandbox/index.ts'] },
  {
    place: 'workflows/activities/planted.ts',
    may: NODE_SIDE.filter((target) => target !== 'db/entering/enter.ts' && target !== 'db/connection/owner/connect.ts'),
    types: ['workflows/sandbox/index.ts'],
  },
  {
    place: 'workflows/product/activities/planted.ts',
    may: NODE_SIDE.filter((target) => target !== 'db/entering/enter.ts' && target !== 'db/connection/owner/connect.ts'),
    types: ['workflows/sandbox/index.ts'],
  },
  // The platform's activities, which do not work inside a tenant.
  { place: 'workflows/activities/tenancy/provision.ts', may: NODE_SIDE, types: ['workflows/sandbox/index.ts'] },
  { place: 'workflows/contract.ts', may: ['workflows/contract.ts'], types: ['core/tenancy/slug-format.ts'] },
  {
    place: 'workflows/sandbox/planted.ts',
    may: ['workflows/contract.ts', 'workflows/sandbox/index.ts'],
    types: ['workflows/activities/index.ts'],
  },
  {
    place: 'workflows/product/contract.ts',
    may: ['workflows/product/contract.ts'],
    types: ['core/tenancy/slug-format.ts'],
  },
  { place: 'workflows/product/sandbox/planted.ts', may: ['workflows/contract.ts', 'workflows/product/contract.ts'] },
  { place: 'routers/planted.ts', may: ROUTER },
  { place: 'routers/product/planted.ts', may: ROUTER },
  { place: 'routers/auth/planted.ts', may: ROUTER },
  { place: 'src/planted.ts', may: [...ROUTER, 'src/app.ts'] },
  { place: 'src/pages/planted.ts', may: [...ROUTER, 'src/app.ts'] },
  { place: 'client/planted.ts', may: ['client/index.ts'], types: ['routers/index.ts', 'routers/users.ts'] },
  { place: 'dev/planted.ts', may: [...BELOW, ...OWNER, 'dev/stack.ts'] },
  { place: 'cli/planted.ts', may: [...BELOW, ...OWNER, 'workflows/contract.ts', 'routers/index.ts', 'cli/fleet.ts'] },
  { place: 'bench/planted.ts', may: TARGETS.filter((target) => !target.startsWith('test/')) },
  { place: 'test/planted.ts', may: TARGETS },
];

interface Step extends Planted {
  refused: boolean;
}

let names = 0;

function waysToImport(place: string, target: Target, may: boolean, mayTypes: boolean): Step[] {
  const relative = posix.relative(posix.dirname(place), target);
  const from = `'${relative.startsWith('.') ? relative : `./${relative}`}'`;
  names += 1;
  return [
    { file: place, code: `import { a${names} } from ${from};`, refused: !may },
    { file: place, code: `export const b${names} = await import(${from});`, refused: !may },
    { file: place, code: `export { c${names} } from ${from};`, refused: !may },
    { file: place, code: `export * from ${from};`, refused: !may },
    { file: place, code: `import ${from};`, refused: !may },
    { file: place, code: `import type { D${names} } from ${from};`, refused: !mayTypes },
    { file: place, code: `export type { E${names} } from ${from};`, refused: !mayTypes },
  ];
}

const steps = STAIRCASE.flatMap(({ place, may, types = [] }) =>
  TARGETS.filter((target) => target !== place).flatMap((target) =>
    waysToImport(place, target, may.includes(target), [...may, ...types].includes(target)),
  ),
);

interface Breach {
  what: string;
  rule: string;
  breach: Planted;
  twin: Planted;
}

const SQL_LINES = [
  [IMPORTS, "import { sql } from 'drizzle-orm';"],
  [IMPORTS, "import { sql as text } from 'drizzle-orm';"],
  [IMPORTS, "import * as all from 'drizzle-orm';"],
  [IMPORTS, "export { sql } from 'drizzle-orm';"],
  ['atrium(no-sql)', 'export const find = (owner: (text: TemplateStringsArray) => unknown) => owner`select 1`;'],
  ['atrium(no-sql)', 'export const list = (tx: <T>(text: TemplateStringsArray) => T) => tx<string[]>`select 1`;'],
  [
    'eslint(no-restricted-properties)',
    "export const run = (db: { execute(q: string): void }) => db.execute('select 1');",
  ],
] as const;

/** SQL in a layer without SQL, and the same code in db/. */
const sqlBreaches = (layer: string): Breach[] =>
  SQL_LINES.map(([rule, code]) => ({
    what: `SQL in ${layer}/: ${code}`,
    rule,
    breach: { file: `${layer}/reap.ts`, code },
    twin: { file: `db/${layer}/reap.ts`, code },
  }));

/** The other refused code, each with similar code that is allowed. */
const BREACHES: Breach[] = [
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
    what: 'an unchecked fragment of SQL',
    rule: 'eslint(no-restricted-properties)',
    breach: { file: 'routers/f.ts', code: "declare const sql: { raw(q: string): void }; sql.raw('select 1');" },
    twin: { file: 'db/f.ts', code: "declare const sql: { raw(q: string): void }; sql.raw('select 1');" },
  },
  {
    what: 'an unchecked statement',
    rule: 'eslint(no-restricted-properties)',
    breach: {
      file: 'workflows/activities/g.ts',
      code: "declare const db: { unsafe(q: string): void }; db.unsafe('');",
    },
    twin: { file: 'test/g.ts', code: "declare const db: { unsafe(q: string): void }; db.unsafe('');" },
  },
  {
    what: 'the database driver outside its layer',
    rule: IMPORTS,
    breach: { file: 'src/h.ts', code: "export { default as h } from 'postgres';" },
    twin: { file: 'db/h.ts', code: "export { default as h } from 'postgres';" },
  },
  ...[
    "import { connectOwner } from '../../db/connection/owner/connect.ts';",
    "import type { Owner } from '../../db/connection/owner/connect.ts';",
    "export const owner = await import('../../db/connection/owner/connect.ts');",
    "import { createPool } from '../../db/connection/pool.ts';",
    "import { users } from '../../db/tables/lobby.ts';",
    "import * as lobby from '../../db/tables/product/lobby.ts';",
    "import { pgSchema } from 'drizzle-orm/pg-core';",
    "import { drizzle } from 'drizzle-orm/postgres-js';",
  ].map((code, index) => ({
    what: `an activity's way around inTenant: ${code}`,
    rule: IMPORTS,
    breach: { file: `workflows/activities/around${index}.ts`, code },
    twin: { file: 'workflows/activities/identity/reap.ts', code },
  })),
  ...[
    'routers',
    'routers/product',
    'src',
    'workflows/outbox',
    'workflows/activities/identity',
    'workflows/product/activities',
    'cli',
  ].flatMap(sqlBreaches),
  {
    what: 'a template with a tag, which may be SQL',
    rule: 'atrium(no-sql)',
    breach: {
      file: 'core/zb.ts',
      code: 'export const za = (query: (text: TemplateStringsArray) => void) => query`select 1`;',
    },
    twin: { file: 'core/zb.ts', code: 'export const zb = String.raw`\\d`;' },
  },
  {
    what: 'HTTP in a router',
    rule: IMPORTS,
    breach: { file: 'routers/i.ts', code: "import 'hono';" },
    twin: { file: 'src/i.ts', code: "import 'hono';" },
  },
  {
    what: 'Temporal in a router',
    rule: IMPORTS,
    breach: { file: 'routers/j.ts', code: "import '@temporalio/client';" },
    twin: { file: 'workflows/j.ts', code: "import '@temporalio/client';" },
  },
  {
    what: 'an outbox row of a call that may not be counted',
    rule: IMPORTS,
    breach: { file: 'routers/auth/z.ts', code: "import { enqueue } from '../../db/outbox/enqueue.ts';" },
    twin: { file: 'routers/auth/z.ts', code: "import { enqueue as counted } from '../procedures/costs.ts';" },
  },
  {
    what: 'a tenant that a call creates which may not be counted',
    rule: IMPORTS,
    breach: { file: 'routers/auth/zb.ts', code: "import { createTenant } from '../../db/tenancy/create-tenant.ts';" },
    twin: { file: 'routers/auth/zb.ts', code: "import { createTenant as counted } from '../procedures/costs.ts';" },
  },
  {
    what: 'a mail that a call requests which may not be counted',
    rule: IMPORTS,
    breach: { file: 'routers/auth/zc.ts', code: "import { requestMail } from '../../db/mail/requests.ts';" },
    twin: { file: 'routers/auth/zc.ts', code: "import { requestMail as counted } from '../procedures/costs.ts';" },
  },
  {
    what: 'a password scored in a call that may not be counted',
    rule: IMPORTS,
    breach: { file: 'routers/za.ts', code: "import { assertStrongPassword } from '../core/auth/passwords.ts';" },
    twin: { file: 'routers/za.ts', code: "import { type Passwords } from '../core/auth/passwords.ts';" },
  },
  {
    what: 'tRPC below the routers',
    rule: IMPORTS,
    breach: { file: 'core/k.ts', code: "import '@trpc/server';" },
    twin: { file: 'routers/k.ts', code: "import '@trpc/server';" },
  },
  {
    what: 'Node in the sandbox',
    rule: IMPORTS,
    breach: { file: 'workflows/sandbox/l.ts', code: "import 'node:fs';" },
    twin: { file: 'workflows/sandbox/l.ts', code: "import '@temporalio/workflow';" },
  },
  {
    what: 'Node in the client',
    rule: IMPORTS,
    breach: { file: 'client/m.ts', code: "import 'node:fs';" },
    twin: { file: 'client/m.ts', code: "import '@trpc/client';" },
  },
  {
    what: 'the server half of tRPC in the client',
    rule: IMPORTS,
    breach: { file: 'client/y.ts', code: "import '@trpc/server';" },
    twin: { file: 'client/y.ts', code: "import '@trpc/server/observable';" },
  },
  {
    what: 'a way around the staircase',
    rule: IMPORTS,
    breach: { file: 'core/n.ts', code: "import '../core/../db/entering/enter.ts';" },
    twin: { file: 'core/n.ts', code: "import './tenancy/slug-format.ts';" },
  },
  {
    what: 'the house by its own package name',
    rule: IMPORTS,
    breach: { file: 'src/o.ts', code: "import 'atrium/client';" },
    twin: { file: 'test/o.ts', code: "import 'atrium/client';" },
  },
  {
    what: 'require',
    rule: 'typescript(no-require-imports)',
    breach: { file: 'core/p.ts', code: "export const p: unknown = require('../db/entering/enter.ts');" },
    twin: { file: 'core/p.ts', code: "export const p2: unknown = await import('./tenancy/slug-format.ts');" },
  },
  {
    what: 'an import whose target cannot be read',
    rule: 'import(no-dynamic-require)',
    breach: { file: 'core/q.ts', code: 'export const q = (name: string): Promise<unknown> => import(name);' },
    twin: { file: 'core/q.ts', code: "export const q2 = (): Promise<unknown> => import('./tenancy/slug-format.ts');" },
  },
  {
    what: 'a type imported in passing',
    rule: 'typescript(consistent-type-imports)',
    breach: { file: 'core/r.ts', code: "export type R = import('../db/entering/enter.ts').R;" },
    twin: { file: 'core/r.ts', code: "export type { R2 } from './tenancy/slug-format.ts';" },
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

let rulesThatRefuse: (line: Planted) => string[];

beforeAll(async () => {
  rulesThatRefuse = await lintPlanted([...steps, ...BREACHES.flatMap(({ breach, twin }) => [breach, twin])]);
});

describe('the staircase', () => {
  test.for(STAIRCASE)('holds for $place: static, dynamic, re-exported and type imports', ({ place }) => {
    const mine = steps.filter((step) => step.file === place);
    const wrong = mine.filter((step) => rulesThatRefuse(step).includes(IMPORTS) !== step.refused);
    expect(wrong).toEqual([]);
  });
});

test.for(BREACHES)('refuses $what', ({ breach, rule, twin }) => {
  expect(rulesThatRefuse(breach)).toContain(rule);
  expect(rulesThatRefuse(twin)).not.toContain(rule);
});
