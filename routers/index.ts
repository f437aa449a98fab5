import { adminRouter } from './admin/index.ts';
import { apiKeysRouter } from './api-keys.ts';
import { auditRouter } from './audit/index.ts';
import { authRouter } from './auth/index.ts';
import { invitesRouter } from './invites/index.ts';
import { membersRouter } from './members.ts';
import { projectsRouter } from './product/projects.ts';
import { tenantsRouter } from './tenants/index.ts';
import { router } from './procedures/trpc.ts';
import { usersRouter } from './users.ts';

export const appRouter = router({
  auth: authRouter,
  users: usersRouter,
  tenants: tenantsRouter,
  members: membersRouter,
  invites: invitesRouter,
  projects: projectsRouter,
  audit: auditRouter,
  apiKeys: apiKeysRouter,
  admin: adminRouter,
});

export type AppRouter = typeof appRouter;
