import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { makeClone } from '../docs/clone.ts';
import { errorsIn } from './compile.ts';

interface Mistake {
  what: string;
  file: string;
  /** Makes the mistake, also in a file to which a product has added. */
  plant: (text: string) => string;
  errors: readonly RegExp[];
}

/** Mistakes in a product's lists, and the compiler errors that they must cause. */
const MISTAKES: readonly Mistake[] = [
  {
    what: 'a router with a noun of Atrium’s',
    file: 'routers/product/index.ts',
    plant: after('  projects: projectsRouter,', '\n  audit: projectsRouter,'),
    errors: [/^routers\/index\.ts.* TS1360/],
  },
  {
    what: 'a kind of outbox row that has no cost and no start',
    file: 'db/outbox/product/kinds.ts',
    plant: after('PRODUCT_PAYLOADS = {', " 'project.welcome': z.strictObject({}), 'email.send': z.strictObject({}),"),
    errors: [
      /^db\/outbox\/product\/kinds\.ts.*"project\.welcome"/,
      /^workflows\/product\/starts\.ts.*"project\.welcome"/,
    ],
  },
  {
    what: 'a kind of outbox row with the name of one of Atrium’s',
    file: 'db/outbox/product/kinds.ts',
    plant: (text) => (text.includes("from 'zod'") ? `${text}\n` : `import { z } from 'zod';\n${text}`),
    errors: [/^db\/outbox\/enqueue\.ts.* TS1360/],
  },
  {
    what: 'an activity with the name of one of Atrium’s',
    file: 'workflows/product/activities/index.ts',
    plant: after('return {', ' send: () => Promise.resolve(),'),
    errors: [/^workflows\/activities\/index\.ts.* TS1360/],
  },
  {
    what: 'a workflow with the name of one of Atrium’s',
    file: 'workflows/product/sandbox/index.ts',
    plant: (text) => `${text}export const sendEmail = () => Promise.resolve();\n`,
    errors: [/^workflows\/sandbox\/index\.ts.*'sendEmail'/],
  },
  {
    what: 'an action of the audit log with the name of one of Atrium’s',
    file: 'core/audit/product/actions.ts',
    plant: after("  'project.create': 'project',", "\n  'user.login': 'project',"),
    errors: [/^core\/audit\/actions\.ts.* TS1360/],
  },
  {
    what: 'a limit with the name of one of Atrium’s',
    file: 'core/rate-limit/product/rules.ts',
    plant: after(
      'PRODUCT_RULES = {',
      " callsByTenant: { limit: { tokens: 1, seconds: 1 }, counts: { what: 'calls', by: 'tenant', of: 'all' }, refund: 'never' },",
    ),
    errors: [/^core\/rate-limit\/rules\.ts.* TS1360/],
  },
];

function after(mark: string, added: string): (text: string) => string {
  return (text) => text.replace(mark, () => mark + added);
}

let told: string[];
beforeAll(async () => {
  await using clone = await makeClone();
  for (const { file, plant } of MISTAKES) {
    const text = await readFile(join(clone.folder, file), 'utf8');
    const planted = plant(text);
    expect(planted).not.toBe(text);
    await writeFile(join(clone.folder, file), planted);
  }
  told = await errorsIn(clone.folder, ['workflows/worker.ts', 'workflows/sandbox/index.ts', 'routers/index.ts']);
});

test.for(MISTAKES)('$what does not compile', ({ errors }) => {
  expect(errors.filter((error) => !told.some((line) => error.test(line)))).toEqual([]);
});
