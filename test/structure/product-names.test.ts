import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { makeClone } from '../docs/clone.ts';
import { errorsIn } from './compile.ts';

/** Mistakes in a product's lists, and the compiler errors that they must cause. */
const MISTAKES = [
  {
    what: 'a router with a noun of Atrium’s',
    file: 'routers/product/index.ts',
    from: '  projects: projectsRouter,',
    to: '  projects: projectsRouter,\n  audit: projectsRouter,',
    errors: [/^routers\/index\.ts.* TS1360/],
  },
  {
    what: 'a kind of outbox row that has no cost and no start',
    file: 'db/outbox/product/kinds.ts',
    from: 'PRODUCT_PAYLOADS = {};',
    to: "PRODUCT_PAYLOADS = { 'project.welcome': z.strictObject({}), 'email.send': z.strictObject({}) };",
    errors: [
      /^db\/outbox\/product\/kinds\.ts.*"project\.welcome"/,
      /^workflows\/product\/starts\.ts.*"project\.welcome"/,
    ],
  },
  {
    what: 'a kind of outbox row with the name of one of Atrium’s',
    file: 'db/outbox/product/kinds.ts',
    from: 'import type { Cost }',
    to: "import { z } from 'zod';\nimport type { Cost }",
    errors: [/^db\/outbox\/enqueue\.ts.* TS1360/],
  },
  {
    what: 'an activity with the name of one of Atrium’s',
    file: 'workflows/product/activities/index.ts',
    from: 'return {};',
    to: 'return { send: () => Promise.resolve() };',
    errors: [/^workflows\/activities\/index\.ts.* TS1360/],
  },
  {
    what: 'a workflow with the name of one of Atrium’s',
    file: 'workflows/product/sandbox/index.ts',
    from: 'export {};',
    to: 'export const sendEmail = () => Promise.resolve();',
    errors: [/^workflows\/sandbox\/index\.ts.*'sendEmail'/],
  },
  {
    what: 'an action of the audit log with the name of one of Atrium’s',
    file: 'core/audit/product/actions.ts',
    from: "  'project.create': 'project',",
    to: "  'project.create': 'project',\n  'user.login': 'project',",
    errors: [/^core\/audit\/actions\.ts.* TS1360/],
  },
  {
    what: 'a limit with the name of one of Atrium’s',
    file: 'core/rate-limit/product/rules.ts',
    from: 'PRODUCT_RULES = {}',
    to: "PRODUCT_RULES = { callsByTenant: { tokens: 1, seconds: 1, what: 'calls', by: 'tenant', counts: 'calls', of: 'all' } }",
    errors: [/^core\/rate-limit\/rules\.ts.* TS1360/],
  },
];

let told: string[];
beforeAll(async () => {
  await using clone = await makeClone();
  for (const { file, from, to } of MISTAKES) {
    const text = await readFile(join(clone.folder, file), 'utf8');
    expect(text).toContain(from);
    await writeFile(join(clone.folder, file), text.replace(from, to));
  }
  told = await errorsIn(clone.folder, ['workflows/worker.ts', 'workflows/sandbox/index.ts', 'routers/index.ts']);
});

test.for(MISTAKES)('$what does not compile', ({ errors }) => {
  expect(errors.filter((error) => !told.some((line) => error.test(line)))).toEqual([]);
});
