import type { Step } from './steps.ts';

/** The changes of a made-up later version of Atrium: a table, a migration, a procedure, an outbox kind and its workflow. */
export const LATER_ATRIUM: readonly Step[] = [
  make(
    'db/tables/tenant/notices.ts',
    `import { pgTable, text, uuid } from 'drizzle-orm/pg-core';

export const notices = pgTable('atrium_notices', { id: uuid().primaryKey(), text: text().notNull() });
`,
  ),
  below('db/tables/tenant.ts', "from './tenant/settings.ts'", "export * from './tenant/notices.ts';\n"),
  { kind: 'run', commands: ['bun run db:generate --atrium notices'], fails: false },

  make(
    'routers/notices.ts',
    `import { z } from 'zod';
import { publicProcedure } from './procedures/levels.ts';
import { router } from './procedures/trpc.ts';

export const noticesRouter = router({
  list: publicProcedure
    .meta({
      openapi: { method: 'GET', path: '/notices', tags: ['notices'], summary: 'Read what the operators announce' },
      audit: { action: 'notice.list', entityType: 'notice' },
    })
    .output(z.strictObject({ notices: z.array(z.string()) }))
    .query(() => ({ notices: [] })),
});
`,
  ),
  below('routers/index.ts', "from './members.ts'", "import { noticesRouter } from './notices.ts';\n"),
  below('routers/index.ts', '  admin: adminRouter,', '  notices: noticesRouter,\n'),
  below('core/audit/actions.ts', "'member.role_change'", "  'notice.list': 'notice',\n"),
  below('src/openapi/words.ts', "'api-keys':", "  notices: 'What the operators announce',\n"),
  below('test/matrix/table.ts', "'admin.assumedIdentities'", "  'notices.list': PUBLIC,\n"),
  below('test/matrix/inputs.ts', "'admin.assumedIdentities'", "  'notices.list': () => undefined,\n"),
  below('docs/api.md', '`GET /admin/assumed-identities`', '| `notices.list` | `GET /notices` | public | 200 |\n'),

  below('db/outbox/enqueue.ts', 'const ATRIUM_PAYLOADS', "  'user.greet': z.strictObject({ userId: z.uuid() }),\n"),
  below('routers/procedures/costs.ts', 'const COST_OF', "  'user.greet': null,\n"),
  below(
    'workflows/outbox/starts.ts',
    'const STARTS',
    `  'user.greet': ({ payload }) => ({
    workflow: 'greetUser',
    workflowId: \`greet-\${payload.userId}\`,
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    input: payload,
  }),
`,
  ),
  make(
    'workflows/sandbox/greet-user.ts',
    `import { proxyActivities } from '@temporalio/workflow';
import type { GreetingActivities } from '../activities/identity/greet.ts';

const { greet } = proxyActivities<GreetingActivities>({ startToCloseTimeout: '1m' });

export async function greetUser(input: { userId: string }): Promise<void> {
  await greet(input);
}
`,
  ),
  below('workflows/sandbox/index.ts', "'./provision-tenant.ts'", "export * from './greet-user.ts';\n"),
  make(
    'workflows/activities/identity/greet.ts',
    `import type { Mailer } from '../../../core/mail/mailer.ts';

export type GreetingActivities = ReturnType<typeof createGreetingActivities>;

export function createGreetingActivities({ mailer }: { mailer: Mailer }) {
  return {
    greet: ({ userId }: { userId: string }): Promise<void> =>
      mailer.send({ id: userId, to: 'team@example.com', subject: 'A new user', text: userId }),
  };
}
`,
  ),
  below(
    'workflows/activities/index.ts',
    "from './audit/tend-log.ts'",
    "import { createGreetingActivities } from './identity/greet.ts';\n",
  ),
  below('workflows/activities/index.ts', '...createAuditActivities(deps)', '    ...createGreetingActivities(deps),\n'),
];

function make(file: string, text: string): Step {
  return { kind: 'make', file, text };
}

function below(file: string, line: string, text: string): Step {
  return { kind: 'insert', file, where: 'below', line, text };
}
