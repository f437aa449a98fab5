import { IMPORTS, type Breach } from './planted-lint.ts';

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

/** SQL and the database driver outside db/, and activities that go around `inTenant`. */
export const SQL_BREACHES: Breach[] = [
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
];
