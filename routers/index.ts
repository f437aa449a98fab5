import { adminRouter } from './admin.ts';
import { authRouter } from './auth/index.ts';
import { projectsRouter } from './projects.ts';
import { tenantsRouter } from './tenants/index.ts';
import { router } from './trpc.ts';
import { usersRouter } from './users.ts';

export const appRouter = router({
  auth: authRouter,
  users: usersRouter,
  tenants: tenantsRouter,
  projects: projectsRouter,
  admin: adminRouter,
});

export type AppRouter = typeof appRouter;
