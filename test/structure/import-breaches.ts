import { IMPORTS, type Breach } from './planted-lint.ts';

/** Imports of packages and modules that a layer may not use. */
export const IMPORT_BREACHES: Breach[] = [
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
];
