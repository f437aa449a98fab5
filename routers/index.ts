import type { NoneOf } from '../core/none-of.ts';
import { adminRouter } from './admin/index.ts';
import { apiKeysRouter } from './api-keys.ts';
import { auditRouter } from './audit/index.ts';
import { authRouter } from './auth/index.ts';
import { invitesRouter } from './invites/index.ts';
import { membersRouter } from './members.ts';
import { productRouters } from './product/index.ts';
import { tenantsRouter } from './tenants/index.ts';
import { router } from './procedures/trpc.ts';
import { usersRouter } from './users.ts';

const atriumRouters = {
  auth: authRouter,
  users: usersRouter,
  tenants: tenantsRouter,
  members: membersRouter,
  invites: invitesRouter,
  audit: auditRouter,
  apiKeys: apiKeysRouter,
  admin: adminRouter,
};

// Atrium's routers come first: if two REST paths match a request, the first one is used.
export const appRouter = router({
  ...atriumRouters,
  ...(productRouters satisfies NoneOf<typeof atriumRouters>),
});

export type AppRouter = typeof appRouter;
