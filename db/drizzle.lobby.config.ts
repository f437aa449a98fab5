import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './db/tables/lobby.ts',
  out: './db/migrations/lobby/atrium',
});
